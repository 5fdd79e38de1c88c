"""What may be said about a way of failing, put together from what is known of it."""

from tracker.demo.failure import Failure

_HELLO = ("Looking.", "On it.", "Acknowledged, at my desk in five minutes.", "I see it too. Taking a look.")
_LEADS = ("", "Found it. ", "I think I have it. ", "**Likely cause.** ")
_UNDONE = ("Wrong incident, sorry. Undone.", "A slip of mine, the severity is back.", "That was meant for another one.")


def remarks_on(failure: Failure) -> dict[str, tuple[str, ...]]:
    """What may be said, by kind of remark. Where the failure has variants, so has the remark, in their order."""
    first, second, *_ = failure.next_steps
    return {
        "hello": _HELLO,
        "seen": (f"So far:\n\n- {failure.signals[0]}\n- {failure.signals[1]}",),
        "evidence": failure.evidence,
        "question": (failure.question,),
        "answer": (failure.answer,),
        "cause": tuple(lead + cause for cause in failure.cause for lead in _LEADS),
        "fixed": tuple(
            text
            for fix in failure.fix
            for text in (
                f"Just {fix}. Watching the graphs.",
                f"{fix[0].upper()}{fix[1:]}. Better already, keeping an eye on it.",
                f"We {fix}. Can somebody confirm that it helps?",
            )
        ),
        "again": (f"It is back: {failure.signals[0]}.", "Resolved too early, it is happening again."),
        "follow-up": (
            f"Follow-ups, each with a ticket:\n\n- {first}\n- {second}",
            f"One thing is left to do: *{first}.*",
            f"From the review:\n\n1. {second}\n2. {first}",
        ),
        "undone": _UNDONE,
    }
