"""The board: what a worker announces, every other one sees."""

from __future__ import annotations

import os
import sys

import pytest

from stubserver.catalog.board import Board, board_memory


def test_alone() -> None:
    """A worker sees what it announced itself, and nothing changes by looking."""
    board = Board.alone()
    assert board.size == 1
    before = board.state
    assert board.state == before
    board.announce()
    assert board.state != before


def test_workers_count_for_themselves() -> None:
    """Each counts up its own, so that no announcement is lost to another; all see the same."""
    memory = board_memory(3)
    boards = [Board(memory, worker, 3) for worker in range(3)]
    seen = {boards[0].state}
    for board in (*boards, *boards):
        board.announce()
        assert len({other.state for other in boards}) == 1
        seen.add(board.state)
    assert len(seen) == 7


def test_the_count_goes_round() -> None:
    """After the last number comes the first."""
    memory = board_memory(2)
    memory[8:16] = b"\xff" * 8
    Board(memory, 1, 2).announce()
    assert memory[:16] == bytes(16)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_two_processes() -> None:
    """What a process announces before it says so, the other one sees as soon as it is told; both ways."""
    memory, turns = board_memory(2), 100
    (child_reads, parent_writes), (parent_reads, child_writes) = os.pipe(), os.pipe()
    child = os.fork()
    if child == 0:
        code = 1
        try:
            os.close(parent_writes)
            board = Board(memory, 1, 2)
            for turn in range(turns):
                board.announce()
                os.write(child_writes, b"x")
                assert os.read(child_reads, 1) == b"x"
                assert int.from_bytes(board.state[:8], sys.byteorder) == turn + 1
            code = 0
        finally:
            os._exit(code)
    os.close(child_writes)
    board = Board(memory, 0, 2)
    try:
        for turn in range(turns):
            assert os.read(parent_reads, 1) == b"x"
            assert int.from_bytes(board.state[8:], sys.byteorder) == turn + 1
            board.announce()
            os.write(parent_writes, b"x")
    finally:
        for descriptor in (parent_writes, parent_reads, child_reads):
            os.close(descriptor)
        status = os.waitpid(child, 0)[1]
    assert os.waitstatus_to_exitcode(status) == 0
