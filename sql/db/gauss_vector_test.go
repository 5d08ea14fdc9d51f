package db

import (
	"encoding/hex"
	"fmt"
	"testing"
)

// Computed answers and server signatures for several iteration counts: one
// password, one salt, one token.
func TestGaussComputedVectors(t *testing.T) {
	const salt = "3458fe51abe962f7b6011a1d73fc14edf50539fae89fb9dda75fbb642d9859bf"
	for _, v := range []struct {
		iterations, code  int
		answer, signature string
	}{
		{2048, authSHA256, "04b1172da5e9decf4e0b647a24ca2a6633010f5f1446b73d0c5d20ae30879f43", "1d1111d5445af5d20151810f659ba0e328751719363e93e233b9555c6c467207"},
		{2048, authSM3, "9e80a85b254d2751fecf4231e80497669fd709408aacf1977ff40821d12115f8", "1f3358e39f0e3e1c3ee8509883983e62bf8d642f36b06be8cec5227fa7f202d3"},
		{10000, authSHA256, "85c8d99978e0592fe04dcce8585fe95c3aa2188e57314cc7e728ff11e5965251", "731cc19c2985bd175f62cff4096dd47474aac5c0c337235feeca22a1bdaa6107"},
		{10000, authSM3, "65e5b44571cfc4bd5b08e6d568531dee8680f1d579790fd5ba48654e4067a89d", "47ef86218817ea43735107e18ff1d723949d352cef81b2f382a393aca78f389a"},
		{20000, authSHA256, "d2d87dabbbf5e81adeef26135791ab11a6714c116a8238311ea46c7bed93dd13", "48c6fa76026ca2a9fd13f94b297fef85963a293332567293b8cbe8ea4d77250c"},
		{20000, authSM3, "a1face259128bf94773278cf4f96b846e8e01e675d67b2b344f99a7e02e528aa", "5981c33acfd410cbd9affc23b3833a49c54570ac8e7bf4d54a3b8ca648d9e98b"},
	} {
		t.Run(fmt.Sprintf("code %d, %d iterations", v.code, v.iterations), func(t *testing.T) {
			c := challengeOf(t, v.code, salt, "0a1b2c3d", v.iterations)
			key := keyOf(t, "Gauss@1234", c)
			if got := gaussProof(c.code, key, c.token); got != v.answer {
				t.Errorf("answer %s, want %s", got, v.answer)
			}
			var err error
			if c.signature, err = hex.DecodeString(v.signature); err != nil || !serverProved(c, key) {
				t.Errorf("the server's signature is not accepted (%v)", err)
			}
			c.signature[31] ^= 1
			if serverProved(c, key) {
				t.Error("a changed signature is accepted")
			}
		})
	}
	t.Run("code 11", func(t *testing.T) {
		c := challengeOf(t, authMixed, salt, "01020304", 10000)
		const want = "md5b6901678010694123ab9ea3aaf625a82"
		if got := mixedProof(keyOf(t, "Gauss@1234", c), c); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	})
	t.Run("password in UTF-8", func(t *testing.T) {
		c := challengeOf(t, authSHA256, salt, "0a1b2c3d", 10000)
		const want = "b7be659db5dad0c2f45b04011e313e773801aef4ba3ffe1650f15a7d3819b1a9"
		if got := gaussProof(c.code, keyOf(t, "数据库@密码1", c), c.token); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	})
}
