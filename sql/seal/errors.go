package seal

import "errors"

// Errors that callers may test for with errors.Is. None of them carries a key, a
// password or a plain text.
var (
	// ErrFormat says that bytes do not have the format of FORMAT.md (truncated,
	// unknown version, trailing bytes).
	ErrFormat = errors.New("seal: malformed bytes")
	// ErrOpen says that sealed bytes are well-formed but do not open: another key,
	// other associated data, or altered bytes. Which of these cannot be told.
	ErrOpen = errors.New("seal: sealed bytes do not open")
	// ErrUnknownKey says that no key has the asked id.
	ErrUnknownKey = errors.New("seal: unknown key id")
	// ErrSignature says that an SM2 signature does not fit message and public key.
	ErrSignature = errors.New("seal: signature does not verify")
	// ErrPassphrase says that a private key file needs a passphrase, or another one.
	ErrPassphrase = errors.New("seal: 私钥口令不正确或未提供，请核对口令后重试")
	// ErrNoLogOfficer says that no log officer's public key has been installed yet.
	ErrNoLogOfficer = errors.New("seal: 尚未设置日志审计员的公钥，请先生成日志密钥对")
	// ErrPermissions says that a key file or folder is readable by others.
	ErrPermissions = errors.New("seal: 密钥文件权限过宽")
	// ErrKeyMissing says that an initialised key folder lacks one of its files.
	// A new key is never made in its place: it could not open what the lost one sealed.
	ErrKeyMissing = errors.New("seal: 密钥文件缺失")
)
