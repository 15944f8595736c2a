"""The parts of the drift page: engine, list of portfolios; of the picked one bars, plan, history and analytics."""
