package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/toller-search/toller/edge"
	"github.com/toller-search/toller/edge/builtin"
	"github.com/toller-search/toller/edge/cmd/toller/selftest"
	"github.com/toller-search/toller/edge/cmd/toller/terminal"
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
		return selftest.Record(ctx, model, recording)
	}
	report, err := selftest.Run(ctx, model)
	if err != nil {
		return err
	}
	if report.Unrecorded {
		note("the recorded vectors are of another model than the embedded one: comparing with the portable kernels instead")
	}
	if err := printSelftest(report, terminal.NewScreen(o.color), o.json); err != nil {
		return err
	}
	if report.Failed > 0 {
		return errors.New("this machine does not compute what it should; please report it with the lines above")
	}
	return nil
}

// printSelftest shows a line for each check, and how many passed.
func printSelftest(r *selftest.Report, out *terminal.Screen, json bool) error {
	if json {
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
