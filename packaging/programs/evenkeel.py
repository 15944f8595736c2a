"""The panel's executable."""

import sys

from gui.main import main

sys.exit(main())
