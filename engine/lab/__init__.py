"""The closed loop in process: the decider and the governor that trade, on the paper exchange's matching.

No sockets and no waiting, so that thirty days pass in seconds: `engine.lab.loop.run(LabSpec(...))`.
"""
