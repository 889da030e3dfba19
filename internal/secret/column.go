package secret

import (
	"encoding/base64"
	"strings"
)

// Column is a column of the database whose values are sealed, NULL or empty. It is for whoever goes through all of them; those who read and write one value know its Cell.
type Column struct {
	Table, Name string // of the database, in full

	// Row are the columns that make the Row of the Cell, and Between is what stands between their values.
	Row     []string
	Between string

	CellTable string // the Table of the Cell, if it is not Table
	Base64    bool   // the column is a text
}

// Cell is that of a row, by the values of Row.
func (c Column) Cell(values []string) Cell {
	cell := Cell{Table: c.Table, Row: strings.Join(values, c.Between), Column: c.Name}
	if c.CellTable != "" {
		cell.Table = c.CellTable
	}
	return cell
}

// Decode returns the sealed value as Box.Open takes it.
func (c Column) Decode(stored []byte) ([]byte, error) {
	if !c.Base64 {
		return stored, nil
	}
	return base64.StdEncoding.DecodeString(string(stored))
}

// Encode returns what is stored for a sealed value: bytes, or a text.
func (c Column) Encode(sealed []byte) any {
	if !c.Base64 {
		return sealed
	}
	return base64.StdEncoding.EncodeToString(sealed)
}
