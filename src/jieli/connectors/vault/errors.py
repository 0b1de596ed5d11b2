"""What can go wrong with Vault. None of these holds a token, a key, or words that Vault said."""

from jieli.kernel.errors import JieliError


class VaultBadSetting(JieliError):
    """The address, mount, key or namespace cannot be used."""

    code = "vault.bad_setting"


class VaultUnreachable(JieliError):
    """No answer, or one that says to come again later."""

    code = "vault.unreachable"


class VaultSealed(JieliError):
    """Vault is sealed or in maintenance (503)."""

    code = "vault.sealed"


class VaultDenied(JieliError):
    """The token is not valid, or its policy does not allow this (403)."""

    code = "vault.denied"


class VaultTokenUnusable(JieliError):
    """The token's file is absent, open to others, or holds something else."""

    code = "vault.token_unusable"


class VaultKeyMissing(JieliError):
    """No such mount or key (404)."""

    code = "vault.no_key"


class VaultTooOld(JieliError):
    """The text was encrypted under a version that may not decrypt any more."""

    code = "vault.version_too_old"


class VaultRefused(JieliError):
    """Another refusal, or an answer that is not Vault's."""

    code = "vault.refused"
