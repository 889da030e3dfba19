package network

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"slices"
)

// Limits of a row: a quote that is never closed must not fill the memory.
const (
	maxRow      = 1 << 20 // bytes
	maxRowLines = 100
)

var (
	errLongRow   = errors.New("the row that starts here is longer than 1 MiB or 100 lines; probably a quotation mark is never closed")
	errOpenQuote = errors.New("a quotation mark of the row that starts here is never closed")
)

// rowReader reads comma-separated values: RFC 4180, and a quote inside an unquoted value is an ordinary character. It exists because encoding/csv takes twice as long,
// which a nation's feed makes minutes.
type rowReader struct {
	from   *bufio.Reader
	line   int      // where the last row starts, from 1
	ahead  int      // lines read
	fields [][]byte // of the last row, valid until the next one
	row    []byte   // its bytes, if they are not those of from's buffer
	values []byte   // its quoted values
}

func newRowReader(from io.Reader) *rowReader {
	return &rowReader{from: bufio.NewReaderSize(from, 64<<10)}
}

// next reads the next row that is not empty.
func (r *rowReader) next() error {
	r.row = r.row[:0]
	for {
		r.line = r.ahead + 1
		line, err := r.readLine(false)
		if err != nil {
			return err
		}
		if len(line) == 0 {
			continue
		}
		r.fields = r.fields[:0]
		if bytes.IndexByte(line, '"') >= 0 {
			return r.splitQuoted(line)
		}
		for {
			at := bytes.IndexByte(line, ',')
			if at < 0 {
				r.fields = append(r.fields, line)
				return nil
			}
			r.fields = append(r.fields, line[:at])
			line = line[at+1:]
		}
	}
}

// readLine returns a line without its end. If further is set, it is appended to the row, of which all is returned.
func (r *rowReader) readLine(further bool) ([]byte, error) {
	line, err := r.from.ReadSlice('\n')
	r.ahead++
	if err == nil && !further {
		return trimEnd(line), nil
	}
	r.row = append(r.row, line...)
	for err == bufio.ErrBufferFull {
		if len(r.row) > maxRow {
			return nil, errLongRow
		}
		line, err = r.from.ReadSlice('\n')
		r.row = append(r.row, line...)
	}
	if err != nil && (err != io.EOF || len(line) == 0) {
		return nil, err
	}
	if len(r.row) > maxRow {
		return nil, errLongRow
	}
	return trimEnd(r.row), nil
}

func trimEnd(line []byte) []byte {
	return bytes.TrimSuffix(bytes.TrimSuffix(line, []byte("\n")), []byte("\r"))
}

// splitQuoted splits a row with quotes, and reads on while one is open.
func (r *rowReader) splitQuoted(line []byte) error {
	r.row = append(r.row[:0], line...)
	for range maxRowLines {
		if closed := r.split(r.row); closed {
			return nil
		}
		r.row = append(r.row, '\n')
		longer, err := r.readLine(true)
		if err == io.EOF {
			return errOpenQuote
		}
		if err != nil {
			return err
		}
		r.row = longer
	}
	return errLongRow
}

// split sets the fields, and reports whether all quotes are closed.
func (r *rowReader) split(row []byte) (closed bool) {
	r.fields, r.values = r.fields[:0], slices.Grow(r.values[:0], len(row)) // which does not move any more
	for {
		if trimmed := bytes.TrimLeft(row, " \ufeff"); len(trimmed) == 0 || trimmed[0] != '"' {
			at := bytes.IndexByte(row, ',')
			if at < 0 {
				r.fields = append(r.fields, row)
				return true
			}
			r.fields = append(r.fields, row[:at])
			row = row[at+1:]
			continue
		} else {
			row = trimmed[1:]
		}
		start := len(r.values)
		for {
			at := bytes.IndexByte(row, '"')
			if at < 0 {
				return false
			}
			r.values = append(r.values, row[:at]...)
			row = row[at+1:]
			if len(row) == 0 || row[0] != '"' {
				break
			}
			r.values, row = append(r.values, '"'), row[1:]
		}
		end := bytes.IndexByte(row, ',')
		if end < 0 {
			r.values = append(r.values, row...)
			r.fields = append(r.fields, r.values[start:])
			return true
		}
		r.values = append(r.values, row[:end]...)
		r.fields = append(r.fields, r.values[start:len(r.values):len(r.values)])
		row = row[end+1:]
	}
}
