"""What the Messages API takes: the request's shape, and what is read from it."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

MAX_PHOTOS = 100


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class _Lenient(BaseModel):
    model_config = ConfigDict(extra="ignore")


class TextBlock(_Lenient):
    """A piece of text."""

    type: Literal["text"]
    text: str = Field(min_length=1)


class Base64Source(_Strict):
    """An image in the request itself."""

    type: Literal["base64"]
    media_type: Literal["image/jpeg", "image/png", "image/gif", "image/webp"]
    data: str = Field(min_length=1)


class ImageBlock(_Lenient):
    """An image; the stand-in fetches nothing, so it must come along."""

    type: Literal["image"]
    source: Base64Source


class ToolUseBlock(_Lenient):
    """An earlier call of a tool by the model."""

    type: Literal["tool_use"]
    id: str
    name: str
    input: dict[str, Any]


class ToolResultBlock(_Lenient):
    """What a tool answered."""

    type: Literal["tool_result"]
    tool_use_id: str


Block = Annotated[
    TextBlock | ImageBlock | ToolUseBlock | ToolResultBlock, Field(discriminator="type")
]


class InputMessage(_Strict):
    """One turn."""

    role: Literal["user", "assistant"]
    content: str | list[Block]


class Tool(_Lenient):
    """A tool that the model may use; its input follows a JSON schema."""

    name: str = Field(pattern=r"^[a-zA-Z0-9_-]{1,128}$")
    description: str = ""
    input_schema: dict[str, Any]


class ToolChoice(_Lenient):
    """Whether a tool must be used, and which."""

    type: Literal["auto", "any", "tool", "none"]
    name: str | None = None


class OutputFormat(_Strict):
    """The schema that the text of the answer must follow."""

    model_config = ConfigDict(extra="forbid", serialize_by_alias=True)

    type: Literal["json_schema"]
    json_schema: dict[str, Any] = Field(alias="schema")


class OutputConfig(_Strict):
    """How the answer is to be."""

    effort: str | None = None
    format: OutputFormat | None = None


class Thinking(_Lenient):
    """Whether the model thinks before it answers."""

    type: Literal["enabled", "disabled", "adaptive"]


class CountRequest(_Lenient):
    """What ``count_tokens`` counts."""

    model: str = Field(min_length=1, max_length=256)
    messages: list[InputMessage] = Field(min_length=1)
    system: str | list[TextBlock] = ""
    tools: list[Tool] = []

    def text(self) -> str:
        """Return all that the user said, in order."""
        return "\n".join(
            block.text
            for message in self.messages
            if message.role == "user"
            for block in self._blocks(message)
            if isinstance(block, TextBlock)
        )

    def images(self) -> list[tuple[str, Base64Source]]:
        """Return the images, each with its place in the request."""
        return [
            (f"messages.{turn}.content.{number}.image.source.base64", block.source)
            for turn, message in enumerate(self.messages)
            for number, block in enumerate(self._blocks(message))
            if isinstance(block, ImageBlock)
        ]

    @staticmethod
    def _blocks(message: InputMessage) -> list[Block]:
        if isinstance(message.content, str):
            return [TextBlock.model_construct(type="text", text=message.content)]
        return message.content


class CreateMessage(CountRequest):
    """Body of ``POST /v1/messages``."""

    model_config = ConfigDict(extra="forbid")

    max_tokens: int = Field(ge=0)
    tool_choice: ToolChoice | None = None
    output_config: OutputConfig | None = None
    thinking: Thinking | None = None
    stream: bool = False
    metadata: dict[str, Any] | None = None
    stop_sequences: list[str] | None = None
    service_tier: Literal["auto", "standard_only"] | None = None
    temperature: float | None = Field(None, ge=0, le=1)
    top_k: int | None = Field(None, ge=0)
    top_p: float | None = Field(None, ge=0, le=1)
    cache_control: dict[str, Any] | None = None
    container: str | None = None
    diagnostics: dict[str, Any] | None = None
    inference_geo: str | None = None
