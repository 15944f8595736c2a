"""What goes over the hub's HTTP interface. Token amounts are base units as decimal strings, users entity ids as hex."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

MOST_UNITS = 2**127 - 1
MOST_TOKEN_ID = 2**53

User = Annotated[str, StringConstraints(pattern=r"^0x[0-9a-f]{64}$"), Field(description="Entity id, 32 bytes.")]
Units = Annotated[str, StringConstraints(pattern=r"^(0|[1-9][0-9]{0,38})$"), Field(description="Base units.")]
Tokens = Annotated[str, Field(description="Whole tokens, or USD, as a decimal string.")]
Key = Annotated[
    str,
    StringConstraints(pattern=r"^[\x21-\x7e]{1,100}$"),
    Field(description="The wallet's own name for it; the same key is carried out once, and answered alike again."),
]
Signature = Annotated[
    str, StringConstraints(pattern=r"^0x[0-9a-fA-F]{130}$"), Field(description="r, s and v of 27 or 28, low s.")
]
TokenId = Annotated[int, Field(ge=0, le=MOST_TOKEN_ID)]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class RebalanceRequest(_Body):
    """Secure `amount` of what the hub owes the user; signed as `RebalanceRequest`."""

    user: User
    token_id: TokenId
    amount: Units
    idempotency_key: Key
    signature: Signature


class PaymentRequest(_Body):
    """Pay another user of the hub; signed by the payer as `Payment`."""

    payer: User
    payee: User
    token_id: TokenId
    amount: Units
    idempotency_key: Key
    signature: Signature


class Approval(_Body):
    """The user's signature over the digest of a pull: raw, without any prefix."""

    user: User
    signature: Signature


class Rejection(_Body):
    """The user does not sign the pull."""

    user: User


class ReasonBody(BaseModel):
    """A reason: its code, the same in words, and its numbers."""

    model_config = ConfigDict(extra="allow", frozen=True)
    code: str
    message: str


class ErrorBody(_Body):
    error: ReasonBody


class TokenBody(_Body):
    token_id: TokenId
    symbol: str
    decimals: int
    price_usd: Tokens | None
    least: Units | None = Field(description="The least that may be asked for now.")


class DomainBody(_Body):
    """The EIP-712 domain of everything that wallets sign for this interface."""

    name: str
    version: str
    chainId: int
    verifyingContract: str


class HubBody(_Body):
    """The hub and what holds for everybody now. stops: why nobody can rebalance; null when somebody can."""

    chain_id: int
    contract: str
    entity: User
    domain: DomainBody
    tokens: list[TokenBody]
    rebalance_fee_bps: int
    soft_limit_usd: Tokens | None
    effective_minimum_usd: Tokens | None
    gas_price_gwei: Tokens | None
    native_usd: Tokens | None
    stops: ReasonBody | None


class QuoteBody(_Body):
    """What securing `amount` costs now. buffer: taken on top of the gas estimate; what is not used comes back."""

    token_id: TokenId
    amount: Units
    hub_fee: Units
    miner_fee: Units
    buffer: Units
    total: Units


class RequestBody(_Body):
    """A request. state: accepted, in_flight, dropped (its fees come back soon), done, expired or failed; reason: why it
    waits, null once it has ended."""

    id: str
    user: User
    token_id: TokenId
    amount: Units
    hub_fee: Units
    miner_fee: Units
    buffer: Units
    total: Units
    state: str
    made_at_s: float
    reason: ReasonBody | None


class PaymentBody(_Body):
    payer: User
    payee: User
    token_id: TokenId
    amount: Units


class AccountBody(_Body):
    """One token of a user's account. secured: the user's own share of the collateral; unsecured: what the hub owes
    beyond it; held: promised to open requests; reason: the one reason for how it stands."""

    token_id: TokenId
    collateral: Units
    secured: Units
    unsecured: Units
    spendable: Units
    held: Units
    reason: ReasonBody


class AccountsBody(_Body):
    accounts: list[AccountBody]


class PullBody(_Body):
    """Collateral that the user is asked to sign back. digest: what to sign; a wallet computes it by itself from hub,
    user, token, amount and account_nonce, and compares."""

    id: str
    token_id: TokenId
    amount: Units
    account_nonce: int
    digest: str
    state: str
    valid_until_s: float


class InboxBody(_Body):
    pulls: list[PullBody]


class PullState(_Body):
    id: str
    state: str


def schema_of(models: list[type[BaseModel]]) -> dict[str, Any]:
    """The JSON schemas of all models, by name, for the OpenAPI document."""
    from pydantic.json_schema import models_json_schema

    _, found = models_json_schema(
        [(model, "validation") for model in models], ref_template="#/components/schemas/{model}"
    )
    schemas: dict[str, Any] = found["$defs"]
    return schemas
