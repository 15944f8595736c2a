// SPDX-License-Identifier: GPL-3.0-or-later
pragma solidity 0.8.30;

/// Signatures of entities (hub spec 18, "Authorisation").
///
/// An entity is a board: its id is the hash of its members, their weights and a threshold. A hanko carries signatures
/// and a list of claims; each claim names a board whose members are signers, earlier claims or placeholders (members
/// that did not sign), and holds when the weight of those that did reaches the threshold. The last claim is the entity
/// that signed.
library Hanko {
    struct Claim {
        bytes32 entity;
        uint256[] signerIndexes;
        uint256[] weights;
        uint256 threshold;
        uint32 disputeDelay;
        uint32 foundationDelay;
        uint32 dividendDelay;
    }

    struct Signed {
        bytes32[] placeholders;
        bytes packedSignatures;
        Claim[] claims;
    }

    struct Board {
        uint16 threshold;
        bytes32[] members;
        uint16[] weights;
        uint32 disputeDelay;
        uint32 foundationDelay;
        uint32 dividendDelay;
    }

    error NoClaim();
    error BadSignature(uint256 index);
    error BadSignatureLength(uint256 length);
    error BadIndex(uint256 claim, uint256 index);
    error WeightsDiffer(uint256 claim);
    error NotTheBoard(bytes32 entity);
    error BelowThreshold(bytes32 entity, uint256 weight, uint256 threshold);

    /// Half the order of secp256k1: a signature with a higher s has a twin and is refused.
    uint256 internal constant HIGHEST_S = 0x7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF5D576E7357A4501DDFE92F46681B20A0;

    /// The entity whose board signed `hash`. Reverts for anything that is not exactly that.
    function signer(bytes memory data, bytes32 hash) internal pure returns (bytes32) {
        Signed memory signed = abi.decode(data, (Signed));
        if (signed.claims.length == 0) revert NoClaim();
        address[] memory signers = _recover(signed.packedSignatures, hash);
        for (uint256 i = 0; i < signed.claims.length; i++) {
            _check(signed, signers, i);
        }
        return signed.claims[signed.claims.length - 1].entity;
    }

    function _check(Signed memory signed, address[] memory signers, uint256 at) private pure {
        Claim memory claim = signed.claims[at];
        uint256 count = claim.signerIndexes.length;
        if (claim.weights.length != count) revert WeightsDiffer(at);
        Board memory board = Board({
            threshold: _uint16(claim.threshold, at),
            members: new bytes32[](count),
            weights: new uint16[](count),
            disputeDelay: claim.disputeDelay,
            foundationDelay: claim.foundationDelay,
            dividendDelay: claim.dividendDelay
        });
        uint256 weight = 0;
        for (uint256 i = 0; i < count; i++) {
            bool voted;
            (board.members[i], voted) = _member(signed, signers, at, claim.signerIndexes[i]);
            board.weights[i] = _uint16(claim.weights[i], at);
            if (voted && _isFirst(claim.signerIndexes, i)) weight += claim.weights[i];
        }
        if (keccak256(abi.encode(board)) != claim.entity) revert NotTheBoard(claim.entity);
        if (claim.threshold == 0 || weight < claim.threshold) {
            revert BelowThreshold(claim.entity, weight, claim.threshold);
        }
    }

    /// Indexes count placeholders, then signers, then claims; a claim may only rest on earlier ones.
    function _member(Signed memory signed, address[] memory signers, uint256 claim, uint256 index)
        private
        pure
        returns (bytes32 member, bool voted)
    {
        uint256 placeholders = signed.placeholders.length;
        if (index < placeholders) return (signed.placeholders[index], false);
        index -= placeholders;
        if (index < signers.length) return (bytes32(uint256(uint160(signers[index]))), true);
        index -= signers.length;
        if (index >= claim) revert BadIndex(claim, index);
        return (signed.claims[index].entity, true);
    }

    /// A member that is named twice counts once.
    function _isFirst(uint256[] memory indexes, uint256 at) private pure returns (bool) {
        for (uint256 i = 0; i < at; i++) {
            if (indexes[i] == indexes[at]) return false;
        }
        return true;
    }

    function _uint16(uint256 value, uint256 claim) private pure returns (uint16) {
        if (value > type(uint16).max) revert WeightsDiffer(claim);
        return uint16(value);
    }

    /// r and s of each signature, 64 bytes, then one bit of v for each, eight to a byte from the lowest.
    function _recover(bytes memory packed, bytes32 hash) private pure returns (address[] memory signers) {
        uint256 count = packed.length / 64;
        while (count > 0 && count * 64 + (count + 7) / 8 > packed.length) count--;
        if (count == 0 || count * 64 + (count + 7) / 8 != packed.length) revert BadSignatureLength(packed.length);
        signers = new address[](count);
        for (uint256 i = 0; i < count; i++) {
            bytes32 r;
            uint256 s;
            assembly ("memory-safe") {
                let place := add(packed, add(32, mul(i, 64)))
                r := mload(place)
                s := mload(add(place, 32))
            }
            uint8 v = 27 + ((uint8(packed[count * 64 + i / 8]) >> (i % 8)) & 1);
            signers[i] = s > HIGHEST_S ? address(0) : ecrecover(hash, v, r, bytes32(s));
            if (signers[i] == address(0)) revert BadSignature(i);
            for (uint256 j = 0; j < i; j++) {
                if (signers[j] == signers[i]) revert BadSignature(i);
            }
        }
    }
}
