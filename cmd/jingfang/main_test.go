package main

import (
	"testing"

	"jingfang/static/browsertest"
)

func TestMain(m *testing.M) { browsertest.Main(m) }
