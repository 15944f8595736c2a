"""Hub: users' rebalance requests become single on-chain settlements, with fees that are shown before they are taken."""
