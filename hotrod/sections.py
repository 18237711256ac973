"""The sections of the settings tree; ``settings.py`` puts them together and reads them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator

Port = Annotated[int, Field(ge=1, le=65535)]


class Section(BaseModel):
    """Named values that belong together; unknown names are refused."""

    model_config = ConfigDict(extra="forbid", validate_assignment=True)


class DatabaseSettings(Section):
    """PostgreSQL: embedded by default, or any server by URL."""

    url: SecretStr | None = Field(
        None,
        description="postgresql://user:password@host:port/name of our database. "
        "Unset: the embedded server under HOTROD_HOME is started and used.",
    )

    @field_validator("url")
    @classmethod
    def _is_postgresql(cls, url: SecretStr | None) -> SecretStr | None:
        if url and not url.get_secret_value().startswith(("postgresql://", "postgres://")):
            raise ValueError("only PostgreSQL: write it like postgresql://user:password@host/name")
        return url

    port: Port = Field(5439, description="TCP port of the embedded server, on loopback.")
    pool_size: int = Field(
        20, ge=1, le=200, description="Connections that each process keeps open."
    )
    statement_timeout_seconds: float = Field(
        30.0, gt=0, description="A statement that runs longer is cancelled by the server."
    )
    call_log_days: int = Field(
        30, ge=1, description="How long the record of each call of a service is kept."
    )


class PrefectSettings(Section):
    """The Prefect server that orchestrates the runs."""

    port: Port = Field(4200, description="Port of our own Prefect server, on loopback.")
    api_url: str | None = Field(
        None, description="API of a Prefect server run elsewhere. Unset: ours is started."
    )
    auth_string: SecretStr | None = Field(
        None,
        description="user:password that guards the Prefect API and UI. "
        "Unset: made once and kept in HOTROD_HOME/secrets.json.",
    )
    database_url: SecretStr | None = Field(
        None,
        description="postgresql://... for Prefect's own data. Unset: the database "
        "'prefect' on the same PostgreSQL server as ours.",
    )
    work_pool: str = Field("hotrod", description="Name of the warm workers' work pool.")


class GatewaySettings(Section):
    """The front door: HTTP API and customer pages."""

    port: Port = Field(8080, description="Port of the gateway, on loopback.")
    public_url: str | None = Field(
        None,
        description="How customers reach the gateway, e.g. https://repairs.example.com. "
        "Links in mails start with it. Unset: http://127.0.0.1:<port>.",
    )
    max_body_bytes: int = Field(
        15_000_000, ge=1024, description="A longer request body is refused with 413."
    )
    max_photos: int = Field(8, ge=0, le=50, description="Photos accepted with one request.")


class WorkerSettings(Section):
    """The warm worker that runs the flows."""

    processes: int = Field(1, ge=1, le=32, description="Worker processes started by `hotrod up`.")
    deployments_file: Path | None = Field(
        None, description="What the workers serve. Unset: the shipped prefect.yaml."
    )
    poll_seconds: float = Field(
        1.0, gt=0, le=1.0, description="Longest wait before the inbox and Prefect are looked at."
    )
    claim_window: int = Field(
        8, ge=1, le=64, description="Deliveries one worker runs at a time; two more if urgent."
    )
    response_window: int = Field(
        8, ge=1, le=64, description="First responses one worker performs at a time."
    )
    lease_seconds: float = Field(
        15.0,
        ge=2,
        le=300,
        description="A claimed delivery not renewed for this long is free again.",
    )
    max_attempts: int = Field(
        5, ge=1, le=50, description="Attempts at one delivery before it becomes a dead letter."
    )
    rest_seconds: float = Field(
        5.0,
        ge=0,
        le=300,
        description="Rest after a failed attempt; twice as long after each further one.",
    )
    drain_seconds: float = Field(
        7.0,
        ge=0,
        le=300,
        description="How long a stopping worker waits for its runs; then others continue them.",
    )
    reconcile_seconds: float = Field(
        3.0,
        gt=0,
        le=60,
        description="How often Prefect is asked for runs that were cancelled or lost their owner.",
    )


class InboxSettings(Section):
    """What is kept of accepted deliveries."""

    retention_days: int = Field(
        30,
        ge=1,
        description="Payload and answer of a finished delivery are removed after so many days; "
        "the fact that it came is kept, so it is never run again.",
    )


class ObjectSettings(Section):
    """Where photos and files are kept."""

    url: str | None = Field(
        None,
        description="file:///path or s3://bucket/prefix. Unset: HOTROD_HOME/objects.",
    )
    endpoint: str = Field(
        "", description="Root of a service that speaks S3, e.g. R2's; empty: Amazon's."
    )
    region: str = Field("", description="Region of the bucket; auto for R2; empty: us-east-1.")
    access_key_id: str = Field(
        "", description="Id of the key pair; empty: the machine's role, or what AWS_... says."
    )
    secret_access_key: SecretStr = Field(SecretStr(""), description="Secret of the key pair.")
    timeout_seconds: float = Field(
        30.0, gt=0, le=600, description="Longest time that a request takes, its body included."
    )
    max_photo_bytes: int = Field(10_000_000, ge=1024, description="Largest photo accepted.")
    max_photo_pixels: int = Field(
        50_000_000, ge=10_000, description="Largest photo accepted, width times height."
    )
