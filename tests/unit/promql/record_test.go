// Records anew what Prometheus answers to the queries in prometheus.json:
//
//	copy both into a folder of their own; go mod init record; go mod tidy; RECORD=prometheus.json go test .
//
// The engine has its defaults: a lookback of five minutes, names dropped at once, start timestamps not used.
package record

import (
	"context"
	"encoding/json"
	"os"
	"sort"
	"strconv"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/promql/promqltest"
)

type Query struct {
	Query string  `json:"query"`
	Start float64 `json:"start"`
	End   float64 `json:"end"`
	Step  float64 `json:"step"`
}
type Suite struct {
	Name    string  `json:"name"`
	Load    string  `json:"load"`
	Queries []Query `json:"queries"`
}
type Point struct {
	T float64 `json:"t"`
	V any     `json:"v"`
}
type Series struct {
	Labels map[string]string `json:"labels"`
	Points []Point           `json:"points"`
}
type Out struct {
	Query
	Error    string   `json:"error,omitempty"`
	Type     string   `json:"type,omitempty"`
	Series   []Series `json:"series,omitempty"`
	Warnings []string `json:"warnings,omitempty"`
	Infos    []string `json:"infos,omitempty"`
}

func fl(f float64) string { return strconv.FormatFloat(f, 'g', -1, 64) }
func val(f float64, h *histogram.FloatHistogram) any {
	if h == nil {
		return fl(f)
	}
	b := [][]string{}
	it := h.AllBucketIterator()
	for it.Next() {
		x := it.At()
		if x.Count != 0 {
			b = append(b, []string{fl(x.Lower), fl(x.Upper), fl(x.Count)})
		}
	}
	return map[string]any{"count": fl(h.Count), "sum": fl(h.Sum), "buckets": b}
}

func TestOracle(t *testing.T) {
	raw, _ := os.ReadFile(os.Getenv("ORACLE_IN"))
	var suites []Suite
	if err := json.Unmarshal(raw, &suites); err != nil {
		t.Fatal(err)
	}
	eng := promqltest.NewTestEngineWithOpts(t, promql.EngineOpts{
		MaxSamples: 50000000, Timeout: 100 * time.Second,
		NoStepSubqueryIntervalFn: func(int64) int64 { return 60000 },
		EnableAtModifier:         true, EnableNegativeOffset: true, LookbackDelta: 5 * time.Minute,
		Parser: parser.NewParser(parser.Options{EnableExperimentalFunctions: true}),
	})
	type Res struct {
		Name    string `json:"name"`
		Load    string `json:"load"`
		Queries []Out  `json:"queries"`
	}
	results := []Res{}
	for _, s := range suites {
		st := promqltest.LoadedStorage(t, s.Load)
		res := Res{Name: s.Name, Load: s.Load}
		for _, q := range s.Queries {
			o := Out{Query: q}
			ts := func(f float64) time.Time { return time.UnixMilli(int64(f * 1000)).UTC() }
			var qq promql.Query
			var err error
			if q.Step > 0 {
				qq, err = eng.NewRangeQuery(context.Background(), st, nil, q.Query, ts(q.Start), ts(q.End), time.Duration(q.Step*1e9))
			} else {
				qq, err = eng.NewInstantQuery(context.Background(), st, nil, q.Query, ts(q.Start))
			}
			if err != nil {
				o.Error = err.Error()
				res.Queries = append(res.Queries, o)
				continue
			}
			r := qq.Exec(context.Background())
			if r.Err != nil {
				o.Error = r.Err.Error()
			} else {
				o.Type = string(r.Value.Type())
				w, i := r.Warnings.AsStrings(q.Query, 0, 0)
				sort.Strings(w)
				sort.Strings(i)
				o.Warnings, o.Infos = w, i
				switch v := r.Value.(type) {
				case promql.Vector:
					for _, x := range v {
						o.Series = append(o.Series, Series{x.Metric.Map(), []Point{{float64(x.T) / 1000, val(x.F, x.H)}}})
					}
				case promql.Matrix:
					for _, x := range v {
						se := Series{Labels: x.Metric.Map()}
						for _, p := range x.Floats {
							se.Points = append(se.Points, Point{float64(p.T) / 1000, val(p.F, nil)})
						}
						for _, p := range x.Histograms {
							se.Points = append(se.Points, Point{float64(p.T) / 1000, val(0, p.H)})
						}
						o.Series = append(o.Series, se)
					}
				case promql.Scalar:
					o.Series = []Series{{map[string]string{}, []Point{{float64(v.T) / 1000, val(v.V, nil)}}}}
				case promql.String:
					o.Series = []Series{{map[string]string{}, []Point{{float64(v.T) / 1000, v.V}}}}
				}
			}
			qq.Close()
			res.Queries = append(res.Queries, o)
		}
		results = append(results, res)
		st.Close()
	}
	b, _ := json.Marshal(results)
	os.WriteFile(os.Getenv("ORACLE_OUT"), b, 0o644)
}
