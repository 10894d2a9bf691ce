"""Threads that solve chunks."""

import threading
import time

import pytest

from universalde.ensemble.pool import in_order


def test_results_come_in_order_from_several_threads_at_once():
    both = threading.Barrier(2, timeout=30)

    def work(number):
        if number < 2:
            both.wait()  # passes only when two threads are here
        time.sleep(0.01 if number % 2 else 0.0)
        return number

    assert list(in_order(work, 9, 2)) == list(range(9))


def test_few_results_wait_to_be_taken():
    begun = []
    results = in_order(begun.append, 100, 2)
    next(results)
    time.sleep(0.05)
    assert len(begun) <= 6
    results.close()


def test_an_error_in_a_thread_is_raised_and_ends_the_others():
    begun = []

    def work(number):
        begun.append(number)
        raise ZeroDivisionError(number)

    with pytest.raises(ZeroDivisionError, match="0"):
        list(in_order(work, 100, 2))
    assert len(begun) <= 6
