// SPDX-License-Identifier: GPL-3.0-or-later
pragma solidity 0.8.30;

import {Hanko} from "./Hanko.sol";

interface IERC20 {
    function balanceOf(address owner) external view returns (uint256);
    function transferFrom(address from, address to, uint256 amount) external returns (bool);
}

/// Reserves of entities, and collateral between two of them; every change is one signed batch (hub spec 18).
///
/// For each token, the reserves and collaterals of all entities sum to what was deposited: no path makes or loses a
/// unit. The smaller entity id of an account is its left one; `ondelta` is the chain's part of what the left one owns.
/// Operations of a batch run in this order: flash loans, reserve to reserve, collateral to reserve, settlements,
/// reserve to collateral, flash loans back.
contract Depository {
    struct Flashloan {
        uint256 tokenId;
        uint256 amount;
    }

    struct ReserveToReserve {
        bytes32 receivingEntity;
        uint256 tokenId;
        uint256 amount;
    }

    struct Pair {
        bytes32 entity;
        uint256 amount;
    }

    struct ReserveToCollateral {
        uint256 tokenId;
        bytes32 receivingEntity;
        Pair[] pairs;
    }

    struct CollateralToReserve {
        bytes32 counterparty;
        uint256 tokenId;
        uint256 amount;
        uint256 nonce;
        bytes sig;
    }

    struct Diff {
        uint256 tokenId;
        int256 leftDiff;
        int256 rightDiff;
        int256 collateralDiff;
        int256 ondeltaDiff;
    }

    struct Settlement {
        bytes32 left;
        bytes32 right;
        Diff[] diffs;
        uint256[] forgiveDebtsInTokenIds;
        bytes sig;
        uint256 nonce;
    }

    /// The last seven belong to the wider interface; this contract refuses a batch in which one of them is not empty.
    struct Batch {
        Flashloan[] flashloans;
        ReserveToReserve[] reserveToReserve;
        ReserveToCollateral[] reserveToCollateral;
        CollateralToReserve[] collateralToReserve;
        Settlement[] settlements;
        uint256[] disputeStarts;
        uint256[] counterDisputes;
        uint256[] disputeFinalizations;
        uint256[] externalTokenToReserve;
        uint256[] reserveToExternalToken;
        uint256[] revealSecrets;
        uint256[] hashLadderRegistrations;
    }

    /// Both in one word: an account is then one slot to read and to write.
    struct Collateral {
        uint128 collateral;
        int128 ondelta;
    }

    struct TokenSettled {
        uint256 tokenId;
        uint256 leftReserve;
        uint256 rightReserve;
        uint256 collateral;
        int256 ondelta;
    }

    struct Settled {
        bytes32 left;
        bytes32 right;
        TokenSettled[] tokens;
        uint256 nonce;
    }

    event ReserveUpdated(bytes32 indexed entity, uint256 indexed tokenId, uint256 newBalance);
    event AccountSettled(Settled[] settled);
    event HankoBatchProcessed(bytes32 indexed entityId, bytes32 indexed batchHash, uint256 nonce);
    event TokenRegistered(uint256 indexed tokenId, address indexed token);

    error WrongNonce(uint256 expected, uint256 got);
    error Unsupported();
    error TooMany(uint256 most, uint256 got);
    error NotEnoughReserve(bytes32 entity, uint256 tokenId, uint256 available, uint256 needed);
    error NotEnoughCollateral(uint256 tokenId, uint256 available, uint256 needed);
    error NotAParty(bytes32 entity);
    error SameEntity(bytes32 entity);
    error StaleAccountNonce(uint256 last, uint256 got);
    error NotSignedBy(bytes32 entity);
    error NotConserved(uint256 tokenId);
    error NothingMoved();
    error TooLarge(uint256 tokenId);
    error UnknownToken(uint256 tokenId);
    error TransferFailed();

    bytes32 public constant DOMAIN_SEPARATOR = keccak256("XLN_DEPOSITORY_HANKO_V1");
    uint8 internal constant COOPERATIVE_UPDATE = 0;
    uint256 internal constant MOST_OPERATIONS = 50;
    uint256 internal constant MOST_PAIRS_PER_ITEM = 64;
    uint256 internal constant MOST_PAIRS = 256;

    mapping(bytes32 entity => mapping(uint256 tokenId => uint256)) public _reserves;
    mapping(bytes32 account => mapping(uint256 tokenId => Collateral)) internal collaterals;
    mapping(bytes32 account => uint256 nonce) internal accountNonces;
    mapping(bytes32 entity => uint256 nonce) public entityNonces;
    mapping(bytes32 debtor => mapping(uint256 tokenId => uint256)) public debtOutstanding;
    mapping(bytes32 debtor => mapping(bytes32 creditor => mapping(uint256 tokenId => uint256))) public debtTo;
    address[] public tokens;

    /// Collateral and ondelta of an account, named by its left and its right entity, 64 bytes.
    function _collaterals(bytes calldata account, uint256 tokenId)
        external
        view
        returns (uint256 collateral, int256 ondelta)
    {
        Collateral storage held = collaterals[keccak256(account)][tokenId];
        return (held.collateral, held.ondelta);
    }

    /// The nonce of the last settlement of an account.
    function _accounts(bytes calldata account) external view returns (uint256 nonce) {
        return accountNonces[keccak256(account)];
    }

    /// Give a token an id; anybody may, and a token may have several.
    function registerToken(address token) external returns (uint256 tokenId) {
        tokenId = tokens.length;
        tokens.push(token);
        emit TokenRegistered(tokenId, token);
    }

    /// Move the caller's tokens into an entity's reserve; what arrives counts, whatever the token takes on its way.
    function deposit(bytes32 entity, uint256 tokenId, uint256 amount) external {
        if (tokenId >= tokens.length) revert UnknownToken(tokenId);
        IERC20 token = IERC20(tokens[tokenId]);
        uint256 before = token.balanceOf(address(this));
        if (!token.transferFrom(msg.sender, address(this), amount)) revert TransferFailed();
        _credit(entity, tokenId, token.balanceOf(address(this)) - before);
        emit ReserveUpdated(entity, tokenId, _reserves[entity][tokenId]);
    }

    /// Carry out a batch of the entity that signed it; anybody may send it. `nonce` is the entity's last one plus 1.
    function processBatch(bytes calldata encodedBatch, bytes calldata hankoData, uint256 nonce) external {
        bytes32 hash =
            keccak256(abi.encodePacked(DOMAIN_SEPARATOR, block.chainid, address(this), encodedBatch, nonce));
        bytes32 entity = Hanko.signer(hankoData, hash);
        uint256 expected = entityNonces[entity] + 1;
        if (nonce != expected) revert WrongNonce(expected, nonce);
        entityNonces[entity] = nonce;
        _run(entity, abi.decode(encodedBatch, (Batch)));
        emit HankoBatchProcessed(entity, hash, nonce);
    }

    function _run(bytes32 entity, Batch memory batch) internal {
        _checkSize(batch);
        for (uint256 i = 0; i < batch.flashloans.length; i++) {
            _credit(entity, batch.flashloans[i].tokenId, batch.flashloans[i].amount);
        }
        for (uint256 i = 0; i < batch.reserveToReserve.length; i++) {
            _reserveToReserve(entity, batch.reserveToReserve[i]);
        }
        for (uint256 i = 0; i < batch.collateralToReserve.length; i++) {
            _collateralToReserve(entity, batch.collateralToReserve[i]);
        }
        for (uint256 i = 0; i < batch.settlements.length; i++) {
            _settle(entity, batch.settlements[i]);
        }
        for (uint256 i = 0; i < batch.reserveToCollateral.length; i++) {
            _reserveToCollateral(entity, batch.reserveToCollateral[i]);
        }
        for (uint256 i = 0; i < batch.flashloans.length; i++) {
            _spend(entity, batch.flashloans[i].tokenId, batch.flashloans[i].amount);
        }
    }

    function _checkSize(Batch memory batch) internal pure {
        uint256 unsupported = batch.disputeStarts.length + batch.counterDisputes.length
            + batch.disputeFinalizations.length + batch.externalTokenToReserve.length
            + batch.reserveToExternalToken.length + batch.revealSecrets.length + batch.hashLadderRegistrations.length;
        if (unsupported != 0) revert Unsupported();
        uint256 operations = batch.flashloans.length + batch.reserveToReserve.length
            + batch.reserveToCollateral.length + batch.collateralToReserve.length + batch.settlements.length;
        if (operations > MOST_OPERATIONS) revert TooMany(MOST_OPERATIONS, operations);
        uint256 pairs = 0;
        for (uint256 i = 0; i < batch.reserveToCollateral.length; i++) {
            uint256 own = batch.reserveToCollateral[i].pairs.length;
            if (own > MOST_PAIRS_PER_ITEM) revert TooMany(MOST_PAIRS_PER_ITEM, own);
            pairs += own;
        }
        if (pairs > MOST_PAIRS) revert TooMany(MOST_PAIRS, pairs);
    }

    function _reserveToReserve(bytes32 entity, ReserveToReserve memory item) internal {
        _spend(entity, item.tokenId, item.amount);
        _credit(item.receivingEntity, item.tokenId, item.amount);
        emit ReserveUpdated(entity, item.tokenId, _reserves[entity][item.tokenId]);
        emit ReserveUpdated(item.receivingEntity, item.tokenId, _reserves[item.receivingEntity][item.tokenId]);
    }

    /// A settlement in which all that leaves the collateral goes to the reserve of the entity that sent the batch.
    function _collateralToReserve(bytes32 entity, CollateralToReserve memory item) internal {
        bool isLeft = entity < item.counterparty;
        int256 amount = int256(item.amount);
        if (amount < 0) revert NotEnoughCollateral(item.tokenId, 0, item.amount);
        Settlement memory settlement;
        (settlement.left, settlement.right) = isLeft ? (entity, item.counterparty) : (item.counterparty, entity);
        settlement.diffs = new Diff[](1);
        settlement.diffs[0] = Diff({
            tokenId: item.tokenId,
            leftDiff: isLeft ? amount : int256(0),
            rightDiff: isLeft ? int256(0) : amount,
            collateralDiff: -amount,
            ondeltaDiff: isLeft ? -amount : int256(0)
        });
        settlement.sig = item.sig;
        settlement.nonce = item.nonce;
        _settle(entity, settlement);
    }

    function _settle(bytes32 entity, Settlement memory item) internal {
        if (item.left >= item.right) revert SameEntity(item.left);
        if (entity != item.left && entity != item.right) revert NotAParty(entity);
        if (item.diffs.length == 0 && item.forgiveDebtsInTokenIds.length == 0) revert NothingMoved();
        bytes32 account = keccak256(abi.encodePacked(item.left, item.right));
        if (item.nonce <= accountNonces[account]) revert StaleAccountNonce(accountNonces[account], item.nonce);
        accountNonces[account] = item.nonce;
        _checkCounterparty(entity == item.left ? item.right : item.left, item);
        Settled[] memory settled = new Settled[](1);
        settled[0] = Settled(item.left, item.right, new TokenSettled[](item.diffs.length), item.nonce);
        for (uint256 i = 0; i < item.diffs.length; i++) {
            settled[0].tokens[i] = _apply(item, account, item.diffs[i]);
        }
        for (uint256 i = 0; i < item.forgiveDebtsInTokenIds.length; i++) {
            _forgive(item.left, item.right, item.forgiveDebtsInTokenIds[i]);
            _forgive(item.right, item.left, item.forgiveDebtsInTokenIds[i]);
        }
        emit AccountSettled(settled);
    }

    function _checkCounterparty(bytes32 counterparty, Settlement memory item) internal view {
        bytes32 hash = keccak256(
            abi.encode(
                COOPERATIVE_UPDATE,
                block.chainid,
                address(this),
                abi.encodePacked(item.left, item.right),
                item.nonce,
                item.diffs,
                item.forgiveDebtsInTokenIds
            )
        );
        if (Hanko.signer(item.sig, hash) != counterparty) revert NotSignedBy(counterparty);
    }

    function _apply(Settlement memory item, bytes32 account, Diff memory diff)
        internal
        returns (TokenSettled memory)
    {
        if (diff.leftDiff + diff.rightDiff + diff.collateralDiff != 0) revert NotConserved(diff.tokenId);
        _change(item.left, diff.tokenId, diff.leftDiff);
        _change(item.right, diff.tokenId, diff.rightDiff);
        Collateral storage held = collaterals[account][diff.tokenId];
        if (diff.collateralDiff < 0 && uint256(-diff.collateralDiff) > held.collateral) {
            revert NotEnoughCollateral(diff.tokenId, held.collateral, uint256(-diff.collateralDiff));
        }
        _hold(
            held,
            diff.tokenId,
            int256(uint256(held.collateral)) + diff.collateralDiff,
            int256(held.ondelta) + diff.ondeltaDiff
        );
        return TokenSettled(
            diff.tokenId,
            _reserves[item.left][diff.tokenId],
            _reserves[item.right][diff.tokenId],
            held.collateral,
            held.ondelta
        );
    }

    function _reserveToCollateral(bytes32 entity, ReserveToCollateral memory item) internal {
        uint256 sum = 0;
        for (uint256 i = 0; i < item.pairs.length; i++) {
            sum += item.pairs[i].amount;
        }
        _spend(entity, item.tokenId, sum);
        Settled[] memory settled = new Settled[](item.pairs.length);
        for (uint256 i = 0; i < item.pairs.length; i++) {
            settled[i] = _push(item.receivingEntity, item.tokenId, item.pairs[i]);
        }
        emit ReserveUpdated(entity, item.tokenId, _reserves[entity][item.tokenId]);
        emit AccountSettled(settled);
    }

    function _push(bytes32 receiver, uint256 tokenId, Pair memory pair) internal returns (Settled memory settled) {
        if (pair.entity == receiver) revert SameEntity(receiver);
        if (pair.amount == 0) revert NothingMoved();
        bool isLeft = receiver < pair.entity;
        (bytes32 left, bytes32 right) = isLeft ? (receiver, pair.entity) : (pair.entity, receiver);
        bytes32 account = keccak256(abi.encodePacked(left, right));
        Collateral storage held = collaterals[account][tokenId];
        if (pair.amount > uint256(int256(type(int128).max))) revert TooLarge(tokenId);
        int256 amount = int256(pair.amount);
        _hold(held, tokenId, int256(uint256(held.collateral)) + amount, held.ondelta + (isLeft ? amount : int256(0)));
        settled = Settled(left, right, new TokenSettled[](1), accountNonces[account]);
        settled.tokens[0] = TokenSettled(
            tokenId, _reserves[left][tokenId], _reserves[right][tokenId], held.collateral, held.ondelta
        );
    }

    function _hold(Collateral storage held, uint256 tokenId, int256 collateral, int256 ondelta) internal {
        if (collateral > type(int128).max || ondelta > type(int128).max || ondelta < type(int128).min) {
            revert TooLarge(tokenId);
        }
        held.collateral = uint128(uint256(collateral));
        held.ondelta = int128(ondelta);
    }

    function _forgive(bytes32 debtor, bytes32 creditor, uint256 tokenId) internal {
        uint256 debt = debtTo[debtor][creditor][tokenId];
        if (debt == 0) return;
        debtTo[debtor][creditor][tokenId] = 0;
        debtOutstanding[debtor][tokenId] -= debt;
    }

    function _change(bytes32 entity, uint256 tokenId, int256 diff) internal {
        if (diff == 0) return;
        if (diff > 0) _credit(entity, tokenId, uint256(diff));
        else _spend(entity, tokenId, uint256(-diff));
        emit ReserveUpdated(entity, tokenId, _reserves[entity][tokenId]);
    }

    /// What an entity owes others is not its to spend.
    function _spend(bytes32 entity, uint256 tokenId, uint256 amount) internal {
        uint256 reserve = _reserves[entity][tokenId];
        uint256 debt = debtOutstanding[entity][tokenId];
        uint256 available = reserve > debt ? reserve - debt : 0;
        if (amount > available) revert NotEnoughReserve(entity, tokenId, available, amount);
        _reserves[entity][tokenId] = reserve - amount;
    }

    function _credit(bytes32 entity, uint256 tokenId, uint256 amount) internal {
        _reserves[entity][tokenId] += amount;
    }
}
