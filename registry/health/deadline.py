"""Several questions at once, with a time after which nobody waits for their answers."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from threading import Thread
from typing import TypeVar

from registry.errors import DeadlineExceeded, RegistryError, Unavailable

K = TypeVar("K")
T = TypeVar("T")


def answers_within(
    seconds: float, questions: Mapping[K, Callable[[], T]]
) -> dict[K, T | RegistryError]:
    """Return an answer, or what failed, for each question, when all are in or the time is up.

    A question that is not answered then is left to itself: its thread does not keep the process
    from ending, so it must be one that changes nothing.
    """
    answers: dict[K, T | RegistryError] = {}

    def answer(key: K, ask: Callable[[], T]) -> None:
        try:
            answers[key] = ask()
        except RegistryError as error:
            answers[key] = error
        except Exception as error:  # noqa: BLE001 - one check's failure must not hide the others'
            # Its text is not repeated: nobody has looked through it for secrets.
            answers[key] = Unavailable(f"the check itself failed ({type(error).__name__})")

    end = time.monotonic() + seconds
    threads = [Thread(target=answer, args=each, daemon=True) for each in questions.items()]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(max(0.0, end - time.monotonic()))
    late = DeadlineExceeded(
        f"there was no answer within {seconds:.1f} s",
        hint="check network, proxy and endpoint, or the profile's credential_process",
    )
    return {key: answers.get(key, late) for key in questions}
