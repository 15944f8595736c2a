"""An EVM chain through web3: contract bindings, gas, transactions."""
