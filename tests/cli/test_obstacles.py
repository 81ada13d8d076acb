"""Why isolation is not possible, in one sentence each; and the filter for machines that this one is not."""

import errno
import socket

import pytest

from strongroom.cli import isolated, obstacles, seccomp
from strongroom.cli.seccomp import ALLOW, ERRNO, KILL_PROCESS, MACHINES, Machine, program

X86 = MACHINES["x86_64"]
REFUSED = ERRNO | errno.EACCES


@pytest.mark.parametrize(
    ("setting", "step", "number", "said"),
    [
        ({"user.max_user_namespaces": "0"}, isolated.NAMESPACES, errno.ENOSPC, "user.max_user_namespaces is 0"),
        ({"user.max_net_namespaces": "0"}, isolated.NAMESPACES, errno.ENOSPC, "user.max_net_namespaces is 0"),
        ({"kernel.unprivileged_userns_clone": "0"}, isolated.NAMESPACES, errno.EPERM, "unprivileged_userns_clone is 0"),
        (
            {"kernel.apparmor_restrict_unprivileged_userns": "1"},
            isolated.IDENTITY,
            errno.EPERM,
            "kernel.apparmor_restrict_unprivileged_userns is 1",
        ),
        ({}, isolated.NAMESPACES, errno.EPERM, "seccomp profile"),
        ({}, isolated.IDENTITY, errno.EPERM, "keep your user"),
        ({}, isolated.LOOPBACK, errno.EPERM, "loopback interface"),
        ({}, isolated.FILTER, errno.EINVAL, "filter of system calls"),
        ({"user.max_user_namespaces": "96365"}, isolated.NAMESPACES, errno.ENOMEM, "Cannot allocate memory"),
    ],
)
def test_an_obstacle_is_one_sentence_that_names_it_and_the_way_round(
    setting: dict[str, str], step: str, number: int, said: str
) -> None:
    sentence = obstacles.step_obstacle(step, number, setting.get)
    assert said in sentence
    assert sentence.startswith("--isolate is not possible: ")
    assert "container or virtual machine" in sentence
    assert "\n" not in sentence


def test_other_systems_and_processors_are_named_before_anything_is_tried() -> None:
    assert "needs Linux" in (obstacles.system_obstacle(system="darwin", machine=X86) or "")
    assert "this processor" in (obstacles.system_obstacle(system="linux", machine=None) or "")
    assert obstacles.system_obstacle(system="linux", machine=X86) is None


def answer(rules: list[seccomp.Instruction], audit: int, number: int, first: int = 0, second: int = 0) -> int:
    """Run a filter on a call, as the kernel would."""
    words = {0: number, 4: audit, 16: first & 0xFFFFFFFF, 24: second & 0xFFFFFFFF}
    position, held = 0, 0
    while True:
        code, yes, no, value = rules[position]
        position += 1
        match code:
            case 0x20:
                held = words[value]
            case 0x54:
                held &= value
            case 0x15:
                position += yes if held == value else no
            case 0x35:
                position += yes if held >= value else no
            case _:
                assert code == 0x06
                return value


@pytest.mark.parametrize("machine", MACHINES.values(), ids=MACHINES)
@pytest.mark.parametrize("unix_sockets", [False, True])
def test_the_filter_refuses_what_it_should_on_every_machine(machine: Machine, unix_sockets: bool) -> None:
    rules = program(machine, unix_sockets=unix_sockets)

    def of(number: int, first: int = 0, second: int = 0) -> int:
        return answer(rules, machine.audit, number, first, second)

    let_in = ALLOW if unix_sockets else REFUSED
    assert [of(machine.socket, family) for family in (socket.AF_INET, socket.AF_INET6, socket.AF_NETLINK)] == [
        ALLOW
    ] * 3
    assert {of(machine.socket, family) for family in (0, 17, 29, 31, 38, 40, 44, 1000)} == {REFUSED}
    assert of(machine.socket, socket.AF_UNIX) == let_in
    assert of(machine.socketpair, socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC) == ALLOW
    assert of(machine.socketpair, socket.AF_UNIX, socket.SOCK_SEQPACKET) == ALLOW
    assert of(machine.socketpair, socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK) == let_in
    assert of(machine.socketpair, socket.AF_UNIX, socket.SOCK_RAW) == let_in
    assert of(machine.ioctl, 0, 0x5401) == ALLOW
    assert of(machine.ioctl, 0, 0x5412) == of(machine.ioctl, 0, 0x5412 | 1 << 32) == REFUSED
    assert of(machine.ioctl, 0, 0x541C) == REFUSED
    assert of(425) == ERRNO | errno.ENOSYS
    assert of(1) == of(63) == ALLOW
    assert of(machine.socket | 0x40000000, socket.AF_UNIX) == KILL_PROCESS
    assert answer(rules, 0x40000003, 102) == KILL_PROCESS
