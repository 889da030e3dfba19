package operator

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"linienfunk/commands"
)

// blocksData is what the page has of the instance's list of blocks.
type blocksData struct {
	Blocks     []block
	Blocked    string // whom they were searched for
	MoreBlocks string // path of older entries
	BlockKinds []string
	Networks   string // with accounts that can be blocked
}

type block struct {
	commands.InstanceBlock
	Title string // of the network
}

func (p *Pages) readBlocks(r *http.Request, run func(name string, args map[string]any) (any, error)) (data blocksData, err error) {
	add, _ := p.Commands.Find("instance block")
	kind, _ := add.Param("kind")
	data.BlockKinds, data.Networks = kind.Choices, strings.Join(p.Commands.Senders, ", ")
	query := r.URL.Query()
	data.Blocked = strings.TrimSpace(query.Get("blocked"))
	args := map[string]any{}
	if data.Blocked != "" {
		args["whom"] = data.Blocked
	}
	if before, err := strconv.Atoi(query.Get("entries")); err == nil && before > 0 {
		args["before"] = before
	}
	result, err := run("instance blocks", args)
	if commands.AsRefusals(err) != nil { // nobody has such a long name
		result, err = commands.InstanceBlocks{}, nil
	}
	if err != nil {
		return data, err
	}
	list := result.(commands.InstanceBlocks)
	for _, one := range list.Blocks {
		shown := block{InstanceBlock: one}
		if one.Network != "" {
			shown.Title = p.Commands.Title(p.Lang(r), one.Network)
		}
		data.Blocks = append(data.Blocks, shown)
	}
	if list.Next > 0 {
		data.MoreBlocks = "/operator?" + url.Values{"blocked": {data.Blocked}, "entries": {strconv.Itoa(list.Next)}}.Encode() + "#blocks"
	}
	return data, nil
}
