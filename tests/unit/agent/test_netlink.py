import socket

import pytest

from gatewayd.agent.kernel import KernelError
from gatewayd.agent.netlink import asked_kernel


def test_the_kernel_of_this_machine_is_asked_with_patience() -> None:
    with asked_kernel() as kernel:
        assert (kernel.family, kernel.gettimeout()) == (socket.AF_NETLINK, 5.0)
    assert kernel.fileno() == -1


def test_whatever_fails_meanwhile_is_said_as_the_kernels() -> None:
    with pytest.raises(KernelError, match=r"^netlink: timed out"), asked_kernel():
        raise TimeoutError("timed out")
