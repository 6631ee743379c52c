"""The command line: one file a command, which reads arguments and draws; what is drawn is made elsewhere.

Commands import what they need when they run, so that `gatewayd --help` is quick and no command pays for another's.
"""
