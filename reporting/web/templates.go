package web

import (
	"embed"
	"io/fs"
)

//go:embed pages parts
var templates embed.FS

// Templates are the pages and fragments of this package, for page.New.
func Templates() fs.FS { return templates }
