"""Quote reminders: open quotes are recalled after 24 h and 72 h, and expire in the end."""

from __future__ import annotations

from prefect import flow

from tasks.mail import send_reminder
from tasks.records import expire_quote, find_due_reminders


@flow(name="quote-reminders")
async def quote_reminders() -> int:
    """Send the reminders that are due now, in the opening hours of each business only.

    Runs on a schedule. Returns how many mails were due.
    """
    due = await find_due_reminders()
    for reminder in due:
        if reminder.kind == "expired" and not await expire_quote(reminder.ticket, reminder.quote):
            continue
        await send_reminder(reminder.ticket, reminder.quote, reminder.kind)
    return len(due)
