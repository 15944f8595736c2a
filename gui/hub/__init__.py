"""The parts of the hub page: its line, gas and soft limit, queue, fees, settlements, pulls, revenue and tokens."""
