"""Our own inputs checked before they are sent: the client library checks little of this.

Source: SageMaker's service model (lengths, patterns, map sizes); DynamoDB's naming rules.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence

from registry.errors import InvalidArgument
from registry.package_metadata import (
    MAX_ENTRIES,
    MAX_KEY_LENGTH,
    MAX_VALUE_LENGTH,
    is_allowed,
    utf16_length,
)
from registry.redaction import quoted, refuse_secret

MAX_NAME_LENGTH = 63
MAX_DESCRIPTION_LENGTH = 1024
MAX_URL_LENGTH = 1024
MAX_IMAGE_LENGTH = 255
MAX_DOCUMENT_LENGTH = 327_680
MAX_CONTENT_DESCRIPTION_LENGTH = 1023
MAX_KEYWORDS = 50
MAX_KEYWORD_LENGTH = 255

_NAME = re.compile(r"[a-zA-Z0-9](-*[a-zA-Z0-9])*")
_ARN = re.compile(
    r"arn:aws[a-z-]*:sagemaker:[a-z0-9-]+:[0-9]{12}:model-package"
    r"/[a-zA-Z0-9](-*[a-zA-Z0-9])*/[0-9]{1,9}"
)
_URL = re.compile(r"(https|s3)://([^/\s]+)/?(.*)", re.DOTALL)
_TABLE = re.compile(r"(arn:aws[a-z-]*:dynamodb:[a-z0-9-]+:[0-9]{12}:table/)?[a-zA-Z0-9_.-]{3,255}")
_HUB = re.compile(
    r"(arn:aws[a-z-]*:sagemaker:[a-z0-9]+(-[a-z0-9]+)+:(\d{12}|aws):hub/)?(?P<name>[a-zA-Z0-9-]{1,63})",
    re.ASCII,
)
_CONTENT_VERSION = re.compile(r"\d{1,4}(\.\d{1,4}){2}", re.ASCII)
_LINE_END = re.compile("[\n\r\x85\u2028\u2029]")
_CLIENT_TOKEN = re.compile(r"[a-zA-Z0-9-]{1,36}")


def check_name(what: str, name: str) -> None:
    """Return when the name is one that SageMaker takes for groups, endpoints and components.

    Raises:
        InvalidArgument: it is not, or looks like a secret; the message says `what` it would
            have named.
    """
    if len(name) > MAX_NAME_LENGTH or not _NAME.fullmatch(name):
        raise InvalidArgument(
            f"{what} {quoted(name, 80)} is not a name that SageMaker takes",
            hint="1 to 63 letters, digits and inner hyphens; no underscore, no dot",
        )
    refuse_secret(what, name)


def check_table_name(name: str) -> None:
    """Return when the name, or ARN, is one that DynamoDB takes for a table.

    Raises:
        InvalidArgument: it is not.
    """
    if not _TABLE.fullmatch(name):
        raise InvalidArgument(
            f"{quoted(name, 80)} is not a name that DynamoDB takes for a table",
            hint="3 to 255 letters, digits, underscores, hyphens and dots, or the table's ARN",
        )
    refuse_secret("ci_table", name)


def check_version_arn(arn: str) -> None:
    """Return when the ARN is one of a model package version. Raises InvalidArgument."""
    if not _ARN.fullmatch(arn):
        raise InvalidArgument(
            f"{quoted(arn, 80)} is not the ARN of a model package version",
            hint="arn:aws:sagemaker:REGION:ACCOUNT:model-package/GROUP/NUMBER",
        )


def check_description(description: str) -> None:
    """Return when the service takes that description. Raises InvalidArgument."""
    if utf16_length(description) > MAX_DESCRIPTION_LENGTH:
        raise InvalidArgument(f"the description is longer than {MAX_DESCRIPTION_LENGTH}")
    if any(unicodedata.category(character)[0] == "C" for character in description):
        raise InvalidArgument("the description holds a line break or another control character")


def check_metadata(metadata: Mapping[str, str]) -> None:
    """Return when the service takes that metadata as it is.

    Raises:
        InvalidArgument: a value or key breaks a limit; values are not repeated in the message.
    """
    if len(metadata) > MAX_ENTRIES:
        raise InvalidArgument(f"{len(metadata)} metadata entries, allowed are {MAX_ENTRIES}")
    for key, value in metadata.items():
        if not 1 <= utf16_length(key) <= MAX_KEY_LENGTH or not all(map(is_allowed, key)):
            raise InvalidArgument(
                f"metadata key {quoted(key, 80)} is not one that the service takes"
            )
        if not 1 <= utf16_length(value) <= MAX_VALUE_LENGTH:
            raise InvalidArgument(
                f"metadata {key}: {utf16_length(value)} characters, allowed are 1 to 256"
            )
        if not all(map(is_allowed, value)):
            raise InvalidArgument(f"metadata {key}: a character that the service refuses")


def check_url(what: str, url: str) -> None:
    """Return when the URL is one that SageMaker takes for model data. Raises InvalidArgument."""
    if len(url) > MAX_URL_LENGTH or not _URL.fullmatch(url):
        raise InvalidArgument(f"{what} is not an s3:// or https:// location of at most 1024")


def check_image(image: str) -> None:
    """Return when SageMaker takes that image reference. Raises InvalidArgument."""
    if not 1 <= len(image) <= MAX_IMAGE_LENGTH or re.search(r"\s", image):
        raise InvalidArgument("the image is not a reference of 1 to 255 without spaces")


def check_hub(name_or_arn: str) -> str:
    """Return the hub's name when SageMaker takes that name, or ARN, for a hub.

    Raises:
        InvalidArgument: it does not.
    """
    match = _HUB.fullmatch(name_or_arn)
    if not match or not _NAME.fullmatch(match["name"]):
        raise InvalidArgument(
            f"{quoted(name_or_arn, 80)} is not a name that SageMaker takes for a hub",
            hint="1 to 63 letters, digits and inner hyphens, or the hub's ARN",
        )
    return match["name"]


def check_content_version(version: str) -> None:
    """Return when the version is one that hub contents have. Raises InvalidArgument."""
    if not _CONTENT_VERSION.fullmatch(version):
        raise InvalidArgument(
            f"{quoted(version, 80)} is not a version of hub content",
            hint="three numbers of at most four digits with dots between them, such as 1.2.0",
        )


def check_content_document(document: str) -> None:
    """Return when a hub takes that document. Raises InvalidArgument."""
    _check_line("the hub content's document", document, MAX_DOCUMENT_LENGTH)


def check_content_description(description: str) -> None:
    """Return when a hub takes that description. Raises InvalidArgument."""
    _check_line("the hub content's description", description, MAX_CONTENT_DESCRIPTION_LENGTH)


def check_keywords(keywords: Sequence[str]) -> None:
    """Return when a hub takes those search keywords.

    Raises:
        InvalidArgument: there are too many, or one breaks a limit; it is not repeated.
    """
    if len(keywords) > MAX_KEYWORDS:
        raise InvalidArgument(f"{len(keywords)} search keywords, allowed are {MAX_KEYWORDS}")
    for number, keyword in enumerate(keywords, start=1):
        _check_line(f"search keyword {number}", keyword, MAX_KEYWORD_LENGTH)


def check_client_token(token: str) -> None:
    """Return when the token is one that SageMaker takes. Raises InvalidArgument."""
    if not _CLIENT_TOKEN.fullmatch(token):
        raise InvalidArgument("a client token has 1 to 36 letters, digits and hyphens")


def s3_parts(uri: str) -> tuple[str, str]:
    """Return bucket and key of an s3:// URI; the key of a whole bucket is "".

    Raises:
        InvalidArgument: it is no such URI.
    """
    match = _URL.fullmatch(uri)
    if not match or match[1] != "s3":
        raise InvalidArgument(f"{quoted(uri, 80)} is not an s3:// location")
    return match[2], match[3]


def _check_line(what: str, text: str, most: int) -> None:
    """Return when the text is one line as the service's own patterns see it (Java's line ends)."""
    length = utf16_length(text)
    if length > most:
        raise InvalidArgument(f"{what} has {length} characters, allowed are {most}")
    if _LINE_END.search(text):
        raise InvalidArgument(f"{what} is not on one line", hint="leave out its line breaks")
