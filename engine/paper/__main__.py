"""`python -m engine.paper`: the exchange process; its config comes on standard input."""

from engine.paper.exchange import main

raise SystemExit(main())
