package accesscli

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/spf13/cobra"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/hallmark-ledger/hallmark/node/hallmarkd/submit"
	"github.com/hallmark-ledger/hallmark/x/access/types"
)

const (
	// maxBatch is the most grants in one transaction.
	maxBatch = 1000
	// maxLine bounds a line of a batch file, in bytes.
	maxLine = 64 * 1024
)

func grantBatchCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "grant-batch SEGMENT FILE.jsonl",
		Short: "Give many grants from a file",
		Long: `Give one grant for each line of a file, 1,000 in a transaction: the grants of a
transaction are all given or none. The whole file is checked first. A line is JSON:

  {"subject":"did:hallmark:ciq...","actions":["publish"],"resources":["mqtt:plant/line1/#"],
   "until":"30d","not_before":"2026-03-01T00:00:00Z","conditions":["temperature<=30"]}

not_before, conditions and max_delegation_depth may be left out.`,
		Example: "  hallmarkd tx access grant-batch acme/plant grants.jsonl --from operator",
		Args:    cobra.ExactArgs(2),
		PreRunE: segmentArg,
		RunE: func(cmd *cobra.Command, args []string) error {
			specs, err := readBatch(args[1], time.Now())
			if err != nil {
				return err
			}
			for done := 0; done < len(specs); done += maxBatch {
				msg := &types.MsgGrant{Segment: args[0], Grants: specs[done:min(done+maxBatch, len(specs))]}
				err := submit.Run(cmd, func(signer string) ([]sdk.Msg, error) {
					msg.Signer = signer
					return []sdk.Msg{msg}, nil
				})
				if err != nil && done > 0 {
					return fmt.Errorf("after %d grants of %d: %w", done, len(specs), err)
				}
				if err != nil {
					return err
				}
			}
			return nil
		},
		ValidArgsFunction: jsonFiles(1, "jsonl"),
	}
	submit.AddFlags(cmd)
	return cmd
}

// readBatch reads and checks a file of grants. An error names the line.
func readBatch(path string, now time.Time) ([]types.GrantSpec, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var specs []types.GrantSpec
	lines := bufio.NewScanner(f)
	lines.Buffer(make([]byte, 0, maxLine), maxLine)
	line := 0
	for lines.Scan() {
		line++
		if len(bytes.TrimSpace(lines.Bytes())) == 0 {
			continue
		}
		spec, err := parseLine(lines.Bytes(), now)
		if err != nil {
			return nil, fmt.Errorf("%s:%d: %w", path, line, err)
		}
		specs = append(specs, spec)
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("%s:%d: %w", path, line+1, err)
	}
	if len(specs) == 0 {
		return nil, fmt.Errorf("%s: no grants", path)
	}
	return specs, nil
}

func parseLine(line []byte, now time.Time) (types.GrantSpec, error) {
	var a ask
	d := json.NewDecoder(bytes.NewReader(line))
	d.DisallowUnknownFields()
	if err := d.Decode(&a); err != nil {
		return types.GrantSpec{}, err
	}
	if _, err := d.Token(); err != io.EOF {
		return types.GrantSpec{}, errors.New("something follows the object")
	}
	return a.spec(now)
}
