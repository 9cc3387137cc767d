"""Parts side by side in threads: in order, in the caller's mode, ended by errors, nothing left behind."""

import threading

import pytest
import torch

from threepoint.model_core.errors import Cancelled
from threepoint.model_core.side_by_side import MOST, one_thread, side_by_side


@pytest.fixture(autouse=True)
def two_threads():
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


def test_results_come_in_order_whichever_is_ready_first():
    first_may_end = threading.Event()

    def work(part):
        if part == 0:
            assert first_may_end.wait(60)
        first_may_end.set()
        return 10 * part

    assert list(side_by_side(work, range(7), "cpu")) == [0, 10, 20, 30, 40, 50, 60]


def test_each_part_has_one_core_and_is_not_divided_again():
    def work(_):
        inside = list(side_by_side(lambda part: threading.get_ident(), range(3), "cpu"))
        return torch.get_num_threads(), set(inside) == {threading.get_ident()}

    assert list(side_by_side(work, range(4), "cpu")) == [(1, True)] * 4
    assert torch.get_num_threads() == 2


def test_many_cores_are_shared_among_a_few_parts():
    torch.set_num_threads(9)
    found = list(side_by_side(lambda part: (torch.get_num_threads(), threading.get_ident()), range(20), "cpu"))
    assert {cores for cores, _ in found} == {2} and len({thread for _, thread in found}) <= MOST
    assert [cores for cores, _ in side_by_side(lambda part: (torch.get_num_threads(), part), range(2), "cpu")] == [4, 4]


def test_threads_that_begin_later_have_all_cores_again():
    list(side_by_side(lambda part: part, range(4), "cpu"))
    seen = []
    later = threading.Thread(target=lambda: seen.append(torch.get_num_threads()))
    later.start()
    later.join()
    assert seen == [2]


@pytest.mark.parametrize("mode", [torch.inference_mode, torch.no_grad, torch.enable_grad])
def test_gradients_are_as_the_caller_has_them(mode):
    def work(_):
        return torch.is_inference_mode_enabled(), torch.is_grad_enabled()

    with mode():
        expected = work(0)
        assert list(side_by_side(work, range(3), "cpu")) == [expected] * 3


@pytest.mark.parametrize("device", ["cpu", "meta"])
def test_an_error_in_a_part_is_the_callers_and_the_rest_is_not_begun(device):
    begun = []

    def work(part):
        begun.append(part)
        if part == 2:
            raise Cancelled
        return part

    with pytest.raises(Cancelled):
        list(side_by_side(work, range(100), device))
    assert len(begun) < 10


def test_whoever_stops_taking_results_ends_the_work():
    begun = []
    taken = side_by_side(lambda part: begun.append(part), range(100), "cpu")
    next(taken)
    taken.close()
    assert len(begun) < 10 and torch.get_num_threads() == 2


def test_other_devices_take_one_part_after_the_other():
    seen = list(side_by_side(lambda part: (part, threading.get_ident()), range(3), "meta"))
    assert seen == [(part, threading.get_ident()) for part in range(3)]


def test_one_thread_is_for_as_long_as_it_is_asked_for():
    @one_thread()
    def work():
        return torch.get_num_threads()

    assert (work(), work(), torch.get_num_threads()) == (1, 1, 2)
    with pytest.raises(Cancelled), one_thread():
        raise Cancelled
    assert torch.get_num_threads() == 2
