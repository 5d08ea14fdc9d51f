package db

import (
	"crypto/hmac"
	"crypto/md5"
	"crypto/pbkdf2"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strconv"
	"sync"

	"jingfang/sql/seal"
)

// The formulas of openGauss's login. K is PBKDF2 with HMAC-SHA1 for sm3 too;
// SM3 comes in at one place only, the stored key.

// gaussKeys derives K from the password and remembers it: 10,000 rounds take
// some milliseconds, and a pool logs in often.
type gaussKeys struct {
	password gaussSecret
	mu       sync.Mutex
	known    map[gaussKeyID][32]byte
}

type gaussKeyID struct {
	salt       [32]byte
	iterations int
}

func newGaussKeys(password gaussSecret) *gaussKeys {
	return &gaussKeys{password: password, known: map[gaussKeyID][32]byte{}}
}

// derive gives K. The lock is held while computing, so that a pool that starts
// computes once. A false server may name a new salt each time, so the memory
// is small and begins anew when full.
func (k *gaussKeys) derive(salt [32]byte, iterations int) ([32]byte, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	id := gaussKeyID{salt, iterations}
	if key, ok := k.known[id]; ok {
		return key, nil
	}
	b, err := pbkdf2.Key(sha1.New, k.password.open(), salt[:], iterations, 32)
	if err != nil {
		return [32]byte{}, fmt.Errorf("openGauss login key: %w", err)
	}
	if len(k.known) >= 8 {
		clear(k.known)
	}
	k.known[id] = [32]byte(b)
	return [32]byte(b), nil
}

// gaussProof answers codes 10 and 13: ClientKey XOR HMAC(StoredKey, token).
func gaussProof(code int, key [32]byte, token [4]byte) string {
	client := hmacSHA256(key[:], []byte("Client Key"))
	stored := storedKey(code, client)
	mask := hmacSHA256(stored[:], token[:])
	for i := range mask {
		mask[i] ^= client[i]
	}
	return hex.EncodeToString(mask[:])
}

func storedKey(code int, client [32]byte) [32]byte {
	if code == authSM3 {
		return seal.SM3(client[:])
	}
	return sha256.Sum256(client[:])
}

// serverKey is spelled with the server's own slip for sha256: "Sever Key".
func serverKey(code int, key [32]byte) [32]byte {
	if code == authSM3 {
		return hmacSHA256(key[:], []byte("Server Key"))
	}
	return hmacSHA256(key[:], []byte("Sever Key"))
}

// serverProved tells whether a protocol 3.0 server knows the stored password.
func serverProved(c gaussChallenge, key [32]byte) bool {
	server := serverKey(c.code, key)
	want := hmacSHA256(server[:], c.token[:])
	return hmac.Equal(want[:], c.signature)
}

// mixedProof answers code 11: MD5 over the stored text of a sha256 password
// (without the word sha256) and the token.
func mixedProof(key [32]byte, c gaussChallenge) string {
	client := hmacSHA256(key[:], []byte("Client Key"))
	stored, server := storedKey(authSHA256, client), serverKey(authSHA256, key)
	text := hex.EncodeToString(c.salt[:]) + hex.EncodeToString(server[:]) + hex.EncodeToString(stored[:]) +
		iterationSuffix(c.iterations) + string(c.token[:])
	sum := md5.Sum([]byte(text))
	return "md5" + hex.EncodeToString(sum[:])
}

// iterationSuffix writes a count as the server stores it: "ecdfdcefade" with
// the decimal digits added letter by letter, the last digit first.
func iterationSuffix(n int) string {
	suffix := []byte("ecdfdcefade")
	digits := strconv.Itoa(n)
	for i := range digits {
		suffix[i] += digits[len(digits)-1-i] - '0'
	}
	return string(suffix)
}

func hmacSHA256(key, text []byte) (sum [32]byte) {
	h := hmac.New(sha256.New, key)
	h.Write(text)
	h.Sum(sum[:0])
	return sum
}
