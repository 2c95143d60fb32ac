"""One page of a group's versions through SageMaker Search, which lags behind by seconds or more.

Search carries whole packages, so listing costs no Describe per version. Whether it takes
filters on single metadata keys is not documented: the first refusal is remembered, and from
then on whole groups are read and filtered here. What Search has not indexed yet is found by one
List of recent versions and described.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, Literal

from registry.aws.package_query import RESERVE_S, PackageQuery
from registry.aws.package_records import package_record, version_of
from registry.calls import Call
from registry.errors import InvalidArgument, NotFound
from registry.paging import seal_cursor
from registry.stores import PackagePage
from schemas.model_package import ModelPackage

if TYPE_CHECKING:
    from mypy_boto3_sagemaker.type_defs import SearchResponseTypeDef

RECENT = timedelta(minutes=10)
"""How far back versions are looked for that Search may not have indexed yet."""

_LARGEST_PAGE = 100
_OUT_OF_TIME = "time ran out before the page was full; go on with nextCursor"
_NOTHING_READ = 1_000_000_000
"""Above every version number, which have nine digits at most."""

Plan = Literal["metadata", "group"]


@dataclass(slots=True)
class SearchAbility:
    """What this process has learned: whether Search takes filters on metadata keys."""

    takes_metadata: bool = True


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a page begins.

    Attributes:
        token: The service's token for the Search page to read first, "" for the first one.
        below: Only versions under this number are still to be given; 0 for all.
        late: ARNs of recent versions that have yet to turn up.
    """

    plan: Plan
    token: str = ""
    below: int = 0
    late: tuple[str, ...] = ()

    @property
    def is_first(self) -> bool:
        return not self.token and not self.below


@dataclass(slots=True)
class _Read:
    """What was read of Search for one page.

    Attributes:
        plan: How Search was asked; `group` once it has refused the metadata filters.
        pages: Token and lowest version of every Search page.
        next_token: Continues after the last of them, "" at the end of the group.
        cut_short: Time ran out before the page was full.
    """

    plan: Plan
    matching: list[ModelPackage] = field(default_factory=list)
    seen: set[int] = field(default_factory=set)
    pages: list[tuple[str, int]] = field(default_factory=list)
    next_token: str = ""
    cut_short: bool = False
    at: datetime = field(default_factory=lambda: datetime.now(UTC))

    @property
    def floor(self) -> int:
        """Every version from here upwards has been read, as far as Search knows them."""
        return min(self.seen, default=_NOTHING_READ) if self.next_token else 0


class PackageSearch:
    """Reads a group by Search."""

    def __init__(self, query: PackageQuery, ability: SearchAbility) -> None:
        self._query = query
        self._ability = ability

    def page(self, *, limit: int, place: Mapping[str, Any] | None, call: Call) -> PackagePage:
        """Return up to `limit` versions, newest first; none for an absent group as well.

        Args:
            place: Where the page before ended; None for the first.

        Raises:
            NotFound: List says that there is no such group.
        """
        begin = self._place(place)
        read = self._read(begin, limit, call)
        late = self._recent(read.at) if begin.is_first else list(begin.late)
        found = self._unindexed(late, begin, read, call)
        matching = sorted(read.matching + found, key=lambda one: one.version, reverse=True)
        kept = matching[:limit]
        onward = self._onward(begin, read, late, kept, matching)
        return PackagePage(
            packages=tuple(kept),
            cursor=self._sealed(onward) if onward else None,
            complete=not read.cut_short,
            note=_OUT_OF_TIME if read.cut_short else "",
        )

    def _place(self, saved: Mapping[str, Any] | None) -> _Place:
        if saved is None:
            return _Place("metadata" if self._ability.takes_metadata else "group")
        base = f"{saved['arn']}/" if saved["late"] else ""
        return _Place(
            plan=saved["plan"],
            token=saved["token"],
            below=saved["below"],
            late=tuple(f"{base}{number}" for number in saved["late"]),
        )

    def _sealed(self, place: _Place) -> str:
        base = place.late[0].rsplit("/", 1)[0] if place.late else ""
        late = [version_of(arn) for arn in place.late]
        return seal_cursor(
            self._query.key,
            {
                "plan": place.plan,
                "token": place.token,
                "below": place.below,
                "late": late,
                "arn": base,
            },
        )

    def _read(self, place: _Place, limit: int, call: Call) -> _Read:
        """Read Search pages until there are enough matching versions, or none, or no time."""
        read = _Read(place.plan)
        token = place.token
        while True:
            call.check("searching model packages")
            answer = self._search(read, token, limit)
            read.at = _answered_at(answer)
            versions = [package_record(one["ModelPackage"]) for one in answer["Results"]]
            numbers = [one.version for one in versions]
            read.seen.update(numbers)
            read.pages.append((token, min(numbers, default=0)))
            read.matching += [one for one in versions if self._is_wanted(one, place)]
            read.next_token = token = answer.get("NextToken") or ""
            if not token or len(read.matching) >= limit:
                return read
            if call.remaining_s < RESERVE_S:
                read.cut_short = True
                return read

    def _search(self, read: _Read, token: str, limit: int) -> SearchResponseTypeDef:
        filters: list[Any] = [
            {"Name": "ModelPackageGroupName", "Operator": "Equals", "Value": self._query.group}
        ]
        by_metadata = read.plan == "metadata"
        # That a key is missing cannot be asked for: such versions are sifted here.
        is_whole = all(self._query.metadata.values())
        if by_metadata:
            filters += [
                {"Name": f"CustomerMetadataProperties.{key}", "Operator": "Equals", "Value": value}
                for key, value in self._query.metadata.items()
                if value
            ]
        after: dict[str, Any] = {"NextToken": token} if token else {}
        try:
            return self._query.connection.sagemaker(
                lambda sagemaker: sagemaker.search(
                    Resource="ModelPackage",
                    SearchExpression={"Filters": filters},
                    SortBy="ModelPackageVersion",
                    SortOrder="Descending",
                    MaxResults=limit if by_metadata and is_whole else _LARGEST_PAGE,
                    **after,
                ),
                doing=f"search model package group {self._query.group!r}",
                action="sagemaker:Search",
                resource="*",
            )
        except (InvalidArgument, NotFound):
            if not by_metadata or token:
                raise
            # In what words an unknown property is refused is documented nowhere: that the group
            # alone is taken shows that it was that.
            read.plan = "group"
            answer = self._search(read, token, limit)
            self._ability.takes_metadata = False
            return answer

    def _is_wanted(self, package: ModelPackage, place: _Place) -> bool:
        return (not place.below or package.version < place.below) and self._query.matches(package)

    def _recent(self, now: datetime) -> list[str]:
        """Return the ARNs of the versions made in the last minutes, by the service's clock."""
        answer = self._query.connection.sagemaker(
            lambda sagemaker: sagemaker.list_model_packages(
                ModelPackageGroupName=self._query.group,
                ModelPackageType="Versioned",
                CreationTimeAfter=now - RECENT,
                SortBy="CreationTime",
                SortOrder="Descending",
                MaxResults=_LARGEST_PAGE,
            ),
            doing=f"list recent versions of model package group {self._query.group!r}",
            action="sagemaker:ListModelPackages",
            resource="*",
        )
        return [item["ModelPackageArn"] for item in answer["ModelPackageSummaryList"]]

    def _unindexed(
        self, late: list[str], place: _Place, read: _Read, call: Call
    ) -> list[ModelPackage]:
        """Return the recent versions that belong on this page and that Search did not give."""
        due = [
            arn
            for arn in late
            if version_of(arn) >= read.floor
            and version_of(arn) not in read.seen
            and (not place.below or version_of(arn) < place.below)
        ]
        return self._query.described(due, call)

    def _onward(
        self,
        place: _Place,
        read: _Read,
        late: list[str],
        kept: list[ModelPackage],
        matching: list[ModelPackage],
    ) -> _Place | None:
        """Return where the next page begins, None at the end."""
        if len(matching) > len(kept):
            below = kept[-1].version
            token = next((token for token, lowest in read.pages if lowest < below), None)
            if token is None:
                token = read.next_token or read.pages[-1][0]
        elif read.next_token:
            below = min(read.seen, default=place.below)
            token = read.next_token
        else:
            return None
        waiting = tuple(arn for arn in late if not below or version_of(arn) < below)
        return _Place(read.plan, token, below, waiting)


def _answered_at(answer: SearchResponseTypeDef) -> datetime:
    """Return the service's own time: ours may be wrong, and creation times are the service's."""
    date = answer["ResponseMetadata"]["HTTPHeaders"].get("date", "")
    try:
        return parsedate_to_datetime(date)
    except ValueError:
        return datetime.now(UTC)
