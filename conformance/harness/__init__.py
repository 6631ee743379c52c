"""A Kubernetes cluster of one node out of plain processes: real control plane, real kube-proxy, a small node loop.

Everything lives in a PID, a mount and a network namespace of its own, so the kernel removes every process, mount and
interface when the run ends, however it ends, and two runs never meet.
"""
