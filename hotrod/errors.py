"""Errors of the business itself; each says what happened and what to do."""

from __future__ import annotations


class HotrodError(Exception):
    """Base of every error that the system raises on purpose."""


class SettingsError(HotrodError):
    """Settings that can't be used.

    Args:
        rows: pairs of (setting, what is wrong with it).
    """

    def __init__(self, rows: list[tuple[str, str]]) -> None:
        self.rows = rows
        super().__init__("; ".join(f"{name}: {reason}" for name, reason in rows))


class NotFoundError(HotrodError):
    """Something that was named does not exist.

    Args:
        what: was looked for, e.g. ``part``.
        name: as it was given.
        cure: where names are found, in half a sentence; empty: nowhere.
    """

    def __init__(self, what: str, name: str, cure: str = "") -> None:
        self.what = what
        self.name = name
        super().__init__(f"there is no {what} {name!r}{cure and f'; {cure}'}")


class ForbiddenTransitionError(HotrodError):
    """A change of state that the rules don't allow.

    Args:
        what: was to be changed, e.g. ``purchase``.
        name: of it.
        current: where it stands.
        wanted: where it was to stand.
        cure: what to do, in half a sentence; empty: nothing can be done.
    """

    def __init__(self, what: str, name: str, current: str, wanted: str, cure: str = "") -> None:
        self.current = current
        self.wanted = wanted
        super().__init__(
            f"{what} {name} is {current}: it can't become {wanted}{cure and f'; {cure}'}"
        )


class InvalidInputError(HotrodError):
    """Input that is refused; names the field and the cure.

    Args:
        field: path of the field, e.g. ``photos.0.content_type``.
        reason: what is wrong with it, in a sentence.
        cure: what the sender can do about it.
    """

    def __init__(self, field: str, reason: str, cure: str) -> None:
        self.field = field
        self.reason = reason
        self.cure = cure
        super().__init__(f"{field}: {reason} {cure}")


class DeliveryConflictError(HotrodError):
    """A delivery id that came before, with another body."""

    def __init__(self, source: str, delivery_id: str) -> None:
        self.source = source
        self.delivery_id = delivery_id
        super().__init__(
            f"delivery {delivery_id!r} from {source!r} was accepted before with another body; "
            "use a new Idempotency-Key for a new request"
        )


class DeliveryForgottenError(HotrodError):
    """A delivery id that came before the retention time; its answer is not kept."""

    def __init__(self, source: str, delivery_id: str) -> None:
        self.source = source
        self.delivery_id = delivery_id
        super().__init__(
            f"delivery {delivery_id!r} from {source!r} was accepted and finished long ago, and its "
            "answer is not kept any more; use a new Idempotency-Key for a new request"
        )


class LinkError(HotrodError):
    """A signed link that can't be trusted: altered, expired, or for something else."""
