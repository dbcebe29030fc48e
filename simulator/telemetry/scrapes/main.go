// Command scrapes writes the prometheus.yml that the Prometheus operator makes of a Prometheus object and its monitors.
//
// Standard input: {"prometheus": object, "podMonitors": [object], "serviceMonitors": [object]}, as JSON.
package main

import (
	"encoding/json"
	"log"
	"os"

	monitoringv1 "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1"
	"github.com/prometheus-operator/prometheus-operator/pkg/assets"
	"github.com/prometheus-operator/prometheus-operator/pkg/prometheus"
	"k8s.io/apimachinery/pkg/apis/meta/v1"
)

func byName[T v1.Object](objects []T) map[string]T {
	named := map[string]T{}
	for _, object := range objects {
		named[object.GetNamespace()+"/"+object.GetName()] = object
	}
	return named
}

func main() {
	log.SetFlags(0)
	var objects struct {
		Prometheus      *monitoringv1.Prometheus
		PodMonitors     []*monitoringv1.PodMonitor
		ServiceMonitors []*monitoringv1.ServiceMonitor
	}
	decoder := json.NewDecoder(os.Stdin)
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&objects); err != nil {
		log.Fatal(err)
	}
	generator, err := prometheus.NewConfigGenerator(nil, objects.Prometheus)
	if err != nil {
		log.Fatal(err)
	}
	pods, services := byName(objects.PodMonitors), byName(objects.ServiceMonitors)
	secrets := assets.NewStoreBuilder(nil, nil)
	config, err := generator.GenerateServerConfiguration(
		objects.Prometheus, services, pods, nil, nil, secrets, nil, nil, nil, nil)
	if err != nil {
		log.Fatal(err)
	}
	if _, err := os.Stdout.Write(config); err != nil {
		log.Fatal(err)
	}
}
