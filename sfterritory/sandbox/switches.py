"""Behaviour that Salesforce's documents leave uncertain, or that an org may choose.

Each is one named switch with the default that we believe in. `docs/sandbox.md` lists them; the
state file keeps those of an org, `sfterritory sandbox switch` and the admin endpoint set them.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

from sfterritory.sandbox.failure import SandboxError

if TYPE_CHECKING:
    from collections.abc import Mapping


FEATURES = ("person_accounts", "state_country_picklists", "multi_currency", "territories")


@dataclass(frozen=True, slots=True)
class Switches:
    """The org's choices.

    Attributes:
        session_minutes: Inactivity after which an access token dies.
        query_page_records: Rows of a query page without a batchSize header.
        long_text_page_records: Rows of a query page that selects a long text area.
        empty_children_null: Uncertain: whether a sub-query without rows answers null or none.
        fields_all_most_rows: Uncertain: the largest LIMIT that FIELDS(ALL) takes; 0 needs none.
        empty_text_is_null: Uncertain: whether an empty text is saved as null.
        dead_locator_status: Uncertain: the HTTP status for a locator that has died.
        refused_query_status: Uncertain: the HTTP status for SOQL that is refused.
        too_many_semi_joins_code: Uncertain: the code for more than two sub-selects in WHERE.
        fiscal_year_start_month: The month that the org's fiscal year begins with, 1 to 12.
        bulk_page_records: Rows of a bulk result page without maxRecords; None is one page.
        bulk_datetime_suffix: Uncertain: `Z` or `+0000` behind a moment in bulk CSV.
        bulk_polls_before_complete: How often a bulk job answers InProgress before it goes on.
        bulk_rows_per_poll: Uploaded rows that a job processes when it is closed or asked for.
        bulk_jobs_go_on_alone: Whether larger jobs go on between one asking and the next.
        bulk_results_shuffled: Whether result files have another order than the upload.
        bulk_failed_rows_carry_id: Uncertain: whether failed updates name their record in `sf__Id`.
        bulk_row_failures_fail_job: Uncertain: whether failed rows end a job in Failed.
        bulk_stop_after_rows: Uploaded rows after which a job gives up; 0 goes to the end.
        bulk_stopped_jobs_hang: Whether such a job stays InProgress instead of failing.
        bulk_hard_delete_allowed: Whether users have the permission "Bulk API Hard Delete".
        bulk_assigns_by_default: Uncertain: whether assignment rules run for a bulk job without one.
        bulk_polymorphic_headers: Uncertain: whether a column may name its parent's object, as in
            `User:Owner.Username`.
        bulk_results_by_id: Uncertain: whether query results come by id, whatever ORDER BY says.
        bulk_deletion_status: Uncertain: the HTTP status for a deleted job.
        bulk_dead_token_as_bulk_1: Uncertain: whether a dead token below `/jobs` is 400
            `InvalidSessionId`, as in Bulk API 1.0, instead of 401.
        bulk_jobs_listed: Most jobs on a page of a job list.
        daily_bulk_batches: Batches of 10,000 uploaded rows in 24 hours.
        daily_bulk_query_jobs: Bulk query jobs in 24 hours.
        daily_bulk_records: Records uploaded in bulk in 24 hours.
        history_data_types: Uncertain: whether the id row says `EntityId` and the name row `Text`.
        same_value_touches: Uncertain: whether an update without a change moves LastModifiedDate.
        daily_api_requests: The org's daily allocation.
        daily_limit_message: Uncertain: the words that refuse requests beyond it.
        limits_name_app: Uncertain: whether `/limits` tells the app's own part of it.
        org_active: Whether sign-ins find the org active.
        logins_per_hour: Sign-ins of a user within an hour; more are refused.
        client_credentials_user: Whether the app has a Run As user.
        admin_approved_users_only: Whether only the app's Run As user may use it.
        users_approve_app: Whether a user must have signed in by browser before JWT bearer works.
        jwt_domain_audience: Uncertain: whether the org's own address is an audience of JWT bearer.
        password_flow: Whether username and password sign in; blocked in orgs of today.
        secret_required: Whether the web server and refresh flows need the client's secret.
        pkce_required: Whether an authorization request needs a code challenge.
        pkce_default_s256: Uncertain: whether a challenge without a method is a hash.
        refresh_token_rotation: Whether each refresh brings a new refresh token; the old one dies.
        rotated_reuse_ends_all: Uncertain: whether using a dead one ends its successors too.
        wrong_secret_error: Uncertain: `invalid_client` or `invalid_client_credentials`.
        oauth_error_descriptions: Uncertain: whether OAuth errors carry `error_description`.
        bad_token_text: Uncertain: what userinfo and identity answer to a dead token.
        compress_answers: Whether answers are compressed for those who accept it.
        limit_info_on_204: Uncertain: whether answers without a body tell the use of the allocation.
        per_app_api_requests: The app's own allocation in `Sforce-Limit-Info`; 0 leaves it out.
        etag_carries_coding: Whether an ETag ends with the content coding, `--gzip`.
        precondition_failed_code: Uncertain: the code of a 412 answer.
        entity_is_deleted_status: Uncertain: the HTTP status for a deleted record.
        no_access_status: Uncertain: the HTTP status for a record that may not be written.
        row_lock_status: Uncertain: the HTTP status for a record that another transaction locks.
        replication_refusal_status: Uncertain: the HTTP status for a window that getUpdated and
            getDeleted refuse.
        delete_log_hours: How far back the delete log goes.
        replication_max_ids: Most ids that getUpdated and getDeleted answer.
        collections_read_by_post: Uncertain: whether a collection is read by POST too.
        collections_hear_auto_assign: Uncertain: whether collections obey `Sforce-Auto-Assign`.
        composite_conditions: Uncertain: whether parts of a composite obey `If-Match` and
            `If-Unmodified-Since`.
        composite_max_queries: Uncertain: queries and collections among a composite's parts.
        composite_refuses_headers: Uncertain: whether Accept, Authorization and Content-Type in a
            part refuse the whole request.
        batch_inherits_headers: Uncertain: whether `Sforce-` headers of a batch hold for its parts.
        is_sandbox: What `Organization.IsSandbox` says.
        person_accounts: Feature: accounts that are persons.
        state_country_picklists: Feature: state and country codes beside the texts.
        multi_currency: Feature: a currency on every record.
        territories: Feature: Sales Territories, with their rules for accounts.
        owner_change_moves_children: Uncertain: whether an account's contacts and own open
            opportunities follow a change of its owner through the API.
        owner_change_deletes_team: Uncertain: whether that change deletes the account's and the
            opportunity's team.
        auto_assign_header_ignored: Whether assignment rules run whatever the header says.
        duplicate_result_key: `duplicateResut` or, rightly spelled, `duplicateResult`.
        history_owner_field: Uncertain: what history calls the owner, except on cases.
        merge_history: Uncertain: whether the winner of a merge gets a history row.
        queue_on_account_code: Uncertain: the code that refuses a queue as owner of an account.
        frozen_owner_refused: Uncertain: whether a frozen user cannot become an owner.
        inactive_owner_locks_record: Uncertain: whether a record of an inactive owner takes no
            change but that of its owner.
        non_standard_owner_refused: Uncertain: whether automated users cannot become owners.
        duplicate_association_code: Uncertain: the code that refuses a second equal association.
        opportunity_territory_checked: Uncertain: whether an opportunity's territory must be one
            of its account's.
        person_contact_read_only: Uncertain: whether a person account's contact changes only
            through its account.
    """

    session_minutes: int = 120
    query_page_records: int = 2000
    long_text_page_records: int = 1000
    empty_children_null: bool = True
    fields_all_most_rows: int = 200
    empty_text_is_null: bool = True
    dead_locator_status: int = 400
    refused_query_status: int = 400
    too_many_semi_joins_code: str = "EXCEEDED_MAX_SEMIJOIN_SUBSELECTS"
    fiscal_year_start_month: int = 1
    bulk_page_records: int | None = None
    bulk_datetime_suffix: str = "Z"
    bulk_polls_before_complete: int = 0
    bulk_rows_per_poll: int = 2000
    bulk_jobs_go_on_alone: bool = True
    bulk_results_shuffled: bool = True
    bulk_failed_rows_carry_id: bool = False
    bulk_row_failures_fail_job: bool = False
    bulk_stop_after_rows: int = 0
    bulk_stopped_jobs_hang: bool = False
    bulk_hard_delete_allowed: bool = False
    bulk_assigns_by_default: bool = False
    bulk_polymorphic_headers: bool = True
    bulk_results_by_id: bool = False
    bulk_deletion_status: int = 204
    bulk_dead_token_as_bulk_1: bool = False
    bulk_jobs_listed: int = 1000
    daily_bulk_batches: int = 15_000
    daily_bulk_query_jobs: int = 10_000
    daily_bulk_records: int = 150_000_000
    history_data_types: bool = True
    same_value_touches: bool = True
    daily_api_requests: int = 1_000_000
    daily_limit_message: str = "TotalRequests Limit exceeded."
    limits_name_app: bool = False
    org_active: bool = True
    logins_per_hour: int = 3600
    client_credentials_user: bool = True
    admin_approved_users_only: bool = False
    users_approve_app: bool = False
    jwt_domain_audience: bool = True
    password_flow: bool = False
    secret_required: bool = True
    pkce_required: bool = False
    pkce_default_s256: bool = True
    refresh_token_rotation: bool = False
    rotated_reuse_ends_all: bool = True
    wrong_secret_error: str = "invalid_client"  # noqa: S105 - an error's name
    oauth_error_descriptions: bool = True
    bad_token_text: str = "Bad_OAuth_Token"  # noqa: S105 - a text
    compress_answers: bool = True
    limit_info_on_204: bool = True
    per_app_api_requests: int = 0
    etag_carries_coding: bool = True
    precondition_failed_code: str = "ENTITY_FAILED_IFLASTMODIFIED_ON_UPDATE"
    entity_is_deleted_status: int = 404
    no_access_status: int = 403
    row_lock_status: int = 400
    replication_refusal_status: int = 400
    delete_log_hours: int = 360
    replication_max_ids: int = 600_000
    collections_read_by_post: bool = True
    collections_hear_auto_assign: bool = True
    composite_conditions: bool = True
    composite_max_queries: int = 5
    composite_refuses_headers: bool = True
    batch_inherits_headers: bool = True

    is_sandbox: bool = True
    person_accounts: bool = False
    state_country_picklists: bool = False
    multi_currency: bool = False
    territories: bool = False
    owner_change_moves_children: bool = False
    owner_change_deletes_team: bool = False
    auto_assign_header_ignored: bool = False
    duplicate_result_key: str = "duplicateResut"
    history_owner_field: str = "Owner"
    merge_history: bool = True
    queue_on_account_code: str = "INVALID_CROSS_REFERENCE_KEY"
    frozen_owner_refused: bool = False
    inactive_owner_locks_record: bool = False
    non_standard_owner_refused: bool = True
    duplicate_association_code: str = "DUPLICATE_VALUE"
    opportunity_territory_checked: bool = True
    person_contact_read_only: bool = True

    @property
    def features(self) -> frozenset[str]:
        """The features that bring objects and fields, by the name their declarations use."""
        return frozenset(name for name in FEATURES if getattr(self, name))


def switches_from(values: Mapping[str, Any]) -> Switches:
    """Return switches with the given ones set and the rest at their defaults.

    Raises:
        SandboxError: Names every switch that does not exist or does not take its value.
    """
    known = {one.name: one.default for one in fields(Switches)}
    problems = [
        f"there is no switch {name!r}" if name not in known else f"{name} cannot be {value!r}"
        for name, value in sorted(values.items())
        if name not in known or not _fits(known[name], value)
    ]
    if problems:
        raise SandboxError(
            "\n".join(problems), remedy=f"use switches among {', '.join(sorted(known))}"
        )
    return Switches(**values)


def _fits(default: object, value: object) -> bool:
    """Tell whether a value is of the kind that a switch has by default."""
    if default is None:
        return value is None or (isinstance(value, int) and not isinstance(value, bool))
    return type(value) is type(default)
