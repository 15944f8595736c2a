"""The executable of the engines without a window."""

import sys

from engine.cli import main

sys.exit(main())
