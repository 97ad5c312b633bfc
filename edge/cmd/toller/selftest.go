package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"

	"github.com/spf13/cobra"

	"github.com/toller-search/toller/edge"
	"github.com/toller-search/toller/edge/builtin"
	"github.com/toller-search/toller/edge/cmd/toller/terminal"
	"github.com/toller-search/toller/infer/simd"
)

// selftestReport is what toller selftest prints as JSON.
type selftestReport struct {
	Kernels string  `json:"kernels"` // the instruction set that every other command uses
	Model   string  `json:"model"`
	Checks  []check `json:"checks"`
	Failed  int     `json:"failed"`
}

// check is one comparison with what was expected.
type check struct {
	Kernels string  `json:"kernels"` // the instruction set that ran
	Name    string  `json:"name"`
	OK      bool    `json:"ok"`
	Worst   float64 `json:"worst"` // largest absolute difference
	Allowed float64 `json:"allowed"`
	Problem string  `json:"problem,omitempty"` // of the kind that is no difference of numbers
}

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
	expected, err := loadConformance()
	if err != nil {
		return err
	}
	if recording != "" {
		now, err := expected.compute(ctx, model)
		if err != nil {
			return err
		}
		return now.save(recording)
	}
	if expected.Model != model.Info().Fingerprint {
		note("the recorded vectors are of another model than the embedded one: comparing with the portable kernels instead")
		if expected, err = expected.portable(ctx, model); err != nil {
			return err
		}
	}
	report := &selftestReport{Kernels: simd.Name(), Model: model.Info().Name}
	for _, set := range simd.Names() {
		if err := report.run(ctx, set, model, expected); err != nil {
			return err
		}
	}
	if err := report.print(terminal.NewScreen(o.color), o.json); err != nil {
		return err
	}
	if report.Failed > 0 {
		return errors.New("this machine does not compute what it should; please report it with the lines above")
	}
	return nil
}

// run makes all checks with one instruction set.
func (r *selftestReport) run(ctx context.Context, set string, model *edge.Model, expected *conformance) error {
	undo, err := simd.Use(set)
	if err != nil {
		return err
	}
	defer undo()
	for _, k := range kernelChecks {
		if err := ctx.Err(); err != nil {
			return err
		}
		r.add(set, k.name, k.worst(rand.New(rand.NewPCG(1, 2))), k.allowed, nil)
	}
	now, err := expected.compute(ctx, model)
	if err != nil {
		return err
	}
	vector, score, problem := expected.differences(now)
	r.add(set, "vectors of the model", vector, vectorAllowed, problem)
	r.add(set, "scores of the model", score, scoreAllowed, problem)
	return nil
}

func (r *selftestReport) add(set, name string, worst, allowed float64, problem error) {
	c := check{Kernels: set, Name: name, OK: problem == nil && worst <= allowed, Worst: worst, Allowed: allowed}
	if problem != nil {
		c.Problem = problem.Error()
	}
	if math.IsInf(worst, 1) { // JSON has no infinity
		c.Worst, c.Problem = 0, "a result is no number"
	}
	if !c.OK {
		r.Failed++
	}
	r.Checks = append(r.Checks, c)
}

func (r *selftestReport) print(out *terminal.Screen, json bool) error {
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
