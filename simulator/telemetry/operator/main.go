// Command operator writes what the Prometheus operator gives to Prometheus and Alertmanager, without a cluster.
//
// Standard input, as JSON: {"prometheus": object, "podMonitors": [object], "serviceMonitors": [object]} for
// prometheus.yml, or {"alertmanager": text} for alertmanager.yaml, of which it reads the text, checks it and drops what
// the version does not know.
package main

import (
	"context"
	"encoding/json"
	"log"
	"log/slog"
	"os"

	"github.com/blang/semver/v4"
	"github.com/prometheus-operator/prometheus-operator/pkg/alertmanager"
	monitoringv1 "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1"
	"github.com/prometheus-operator/prometheus-operator/pkg/assets"
	"github.com/prometheus-operator/prometheus-operator/pkg/operator"
	"github.com/prometheus-operator/prometheus-operator/pkg/prometheus"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

type input struct {
	Prometheus      *monitoringv1.Prometheus
	PodMonitors     []*monitoringv1.PodMonitor
	ServiceMonitors []*monitoringv1.ServiceMonitor
	Alertmanager    string
}

func byName[T metav1.Object](objects []T) map[string]T {
	named := map[string]T{}
	for _, object := range objects {
		named[object.GetNamespace()+"/"+object.GetName()] = object
	}
	return named
}

func ofPrometheus(given input, secrets *assets.StoreBuilder) ([]byte, error) {
	generator, err := prometheus.NewConfigGenerator(nil, given.Prometheus)
	if err != nil {
		return nil, err
	}
	pods, services := byName(given.PodMonitors), byName(given.ServiceMonitors)
	return generator.GenerateServerConfiguration(
		given.Prometheus, services, pods, nil, nil, secrets, nil, nil, nil, nil)
}

func ofAlertmanager(given input, secrets *assets.StoreBuilder) ([]byte, error) {
	version, err := semver.ParseTolerant(operator.DefaultAlertmanagerVersion)
	if err != nil {
		return nil, err
	}
	logger := slog.New(slog.NewTextHandler(os.Stderr, nil))
	builder := alertmanager.NewConfigBuilder(logger, version, secrets, &monitoringv1.Alertmanager{})
	if err := builder.InitializeFromRawConfiguration([]byte(given.Alertmanager)); err != nil {
		return nil, err
	}
	if err := builder.AddAlertmanagerConfigs(context.Background(), nil); err != nil {
		return nil, err
	}
	return builder.MarshalJSON()
}

func main() {
	log.SetFlags(0)
	var given input
	decoder := json.NewDecoder(os.Stdin)
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&given); err != nil {
		log.Fatal(err)
	}
	write := ofAlertmanager
	if given.Prometheus != nil {
		write = ofPrometheus
	}
	config, err := write(given, assets.NewStoreBuilder(nil, nil))
	if err != nil {
		log.Fatal(err)
	}
	if _, err := os.Stdout.Write(config); err != nil {
		log.Fatal(err)
	}
}
