package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/toller-search/toller/edge"
	"github.com/toller-search/toller/edge/builtin"
	"github.com/toller-search/toller/edge/cmd/toller/terminal"
	"github.com/toller-search/toller/edge/conformance"
	"github.com/toller-search/toller/infer/simd"
)

func selftestCommand(o *options) *cobra.Command {
	var recording string
	cmd := &cobra.Command{
		Use:   "selftest",
		Short: "Check this machine's arithmetic against recorded vectors",
		Long: `Check every instruction set that toller can use on this machine: each kernel
against its definition in float64, and the embedded model's token ids, vectors
and scores against those recorded with the portable kernels. The exit code is 1
if anything differs by more than rounding.`,
		Example: "  toller selftest",
		Args:    arguments(0, 0, "none"),
		RunE: runs(func(cmd *cobra.Command, _ []string) error {
			if cmd.Flags().Changed("model") {
				return usage("selftest has recordings of the embedded model only; it can't check --model")
			}
			return o.selftest(cmd.Context(), recording)
		}),
	}
	cmd.Flags().StringVar(&recording, "record", "", "write what this machine computes into a file")
	cmd.Flags().MarkHidden("record")
	return cmd
}

func (o *options) selftest(ctx context.Context, recording string) error {
	model, err := builtin.Open(edge.WithThreads(o.threads))
	if err != nil {
		return err
	}
	defer model.Close()
	if recording != "" {
		return writeRecording(ctx, model, recording)
	}
	report, err := conformance.Check(ctx, model)
	if err != nil {
		return err
	}
	if report.Unrecorded {
		note("the recorded vectors are of another model than the embedded one: compared with the portable kernels instead")
	}
	if err := printReport(terminal.NewScreen(o.color), report, o.json); err != nil {
		return err
	}
	if report.Failed > 0 {
		return nothing{errors.New("this machine does not compute what it should; please report it with the lines above")}
	}
	return nil
}

// writeRecording writes what this machine makes of the recorded texts.
func writeRecording(ctx context.Context, model *edge.Model, path string) error {
	expected, err := conformance.Recorded()
	if err != nil {
		return err
	}
	now, err := expected.Compute(ctx, model)
	if err != nil {
		return err
	}
	data, err := json.Marshal(now)
	if err != nil {
		return err
	}
	return os.WriteFile(path, append(data, '\n'), 0o644)
}

func printReport(out *terminal.Screen, r *conformance.Report, asJSON bool) error {
	if asJSON {
		return out.WriteJSON(r)
	}
	for _, c := range r.Checks {
		verdict := "ok    "
		if !c.OK {
			verdict = "FAILED"
		}
		fmt.Fprintf(out, "%s  %-8s  %-30s  ", verdict, c.Kernels, c.Name)
		if c.Problem != "" {
			fmt.Fprintln(out, c.Problem)
		} else {
			fmt.Fprintf(out, "off by %.1e of %.0e\n", c.Worst, c.Allowed)
		}
	}
	fmt.Fprintf(out, "%d of %s passed; instruction set in use: %s (of %s)\n",
		len(r.Checks)-r.Failed, terminal.Count(len(r.Checks), "check"), r.Kernels, strings.Join(simd.Names(), ", "))
	return out.Flush()
}
