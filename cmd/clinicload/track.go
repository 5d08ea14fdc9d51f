package main

import (
	"bytes"
	"html"
	"strconv"
)

// card is what the board says about one doctor.
type card struct {
	staff int64
	name  string
	packs int // 发出 n 盒
}

// readCards finds the doctors in the data of a board event, whether it carries
// the whole board, the doctors or a single card. A card that does not say how
// many packs is left out.
func readCards(data []byte) []card {
	var list []card
	mark := []byte(`id="doctor-`)
	_, rest, found := bytes.Cut(data, mark)
	for found {
		var text []byte
		text, rest, found = bytes.Cut(rest, mark)
		if c, ok := readCard(text); ok {
			list = append(list, c)
		}
	}
	return list
}

// readCard reads one card from its number on.
func readCard(text []byte) (card, bool) {
	number, text, _ := bytes.Cut(text, []byte(`"`))
	staff, err := strconv.ParseInt(string(number), 10, 64)
	if err != nil {
		return card{}, false
	}
	_, text, _ = bytes.Cut(text, []byte("<b>"))
	name, text, _ := bytes.Cut(text, []byte("</b>"))
	_, text, _ = bytes.Cut(text, []byte("人 · 发出 "))
	packs, _, found := bytes.Cut(text, []byte(" 盒"))
	n, err := strconv.Atoi(string(packs))
	return card{staff, html.UnescapeString(string(name)), n}, found && err == nil
}
