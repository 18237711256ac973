"""Notifications of Microsoft Graph: unsigned, so a secret in each of them is compared.

Source: Graph v1.0, "Receive change notifications through webhooks".
"""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import AwareDatetime, BaseModel, ConfigDict, SecretStr, ValidationError
from pydantic.alias_generators import to_camel

from connectors._http.webhook import Sender, is_same

_SENDER = Sender("mail", "End that subscription of Graph and make another with a client_state.")


class _Model(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True)


class _Resource(_Model):
    id: str = ""


class MailNotification(_Model):
    """That something changed; what, is asked for: deliveries repeat and come out of order.

    Args:
        subscription_id: by which it came.
        subscription_expiration_date_time: when that ends unless it is renewed.
        change_type: ``created``, ``updated`` or ``deleted``; empty in one about the subscription.
        resource: path of the message.
        lifecycle_event: ``missed``, ``subscriptionRemoved`` or ``reauthorizationRequired``:
            list the folder's changes, make or renew the subscription. Empty: a change.
    """

    subscription_id: str
    subscription_expiration_date_time: AwareDatetime
    client_state: SecretStr = SecretStr("")
    change_type: str = ""
    resource: str = ""
    resource_data: _Resource = _Resource()
    lifecycle_event: str = ""

    @property
    def message_id(self) -> str:
        """Id of the message; empty: it is about the subscription."""
        return self.resource_data.id


class _Delivery(_Model):
    value: list[MailNotification]


def echo(query: Mapping[str, str]) -> str | None:
    """Return what to answer when a subscription is made: as text/plain, within ten seconds.

    Args:
        query: of the delivery's URL, decoded.

    Returns:
        the token; None: it is a notification, see ``verify``.
    """
    return query.get("validationToken")


def verify(body: bytes, *, client_state: SecretStr) -> list[MailNotification]:
    """Return the notifications of a delivery when each carries our secret.

    Args:
        body: as it came.
        client_state: given when the subscription was made.

    Raises:
        UnverifiedWebhookError: one lacks the secret, or the body is none of Graph's, or there is
            no secret.
    """
    expected = _SENDER.key(client_state)
    try:
        notifications = _Delivery.model_validate_json(body).value
    except ValidationError:
        raise _SENDER.refusal("its body is no notification of Graph") from None
    shown = [one.client_state.get_secret_value() for one in notifications]
    if not all(is_same(one, expected) for one in shown):
        raise _SENDER.refusal("a notification doesn't carry the subscription's clientState")
    return notifications
