import json,sys
from tests.components.conftest import PlatformCloud
from tests.components.stacks import stack
c=PlatformCloud()
c.up(stack(isolation={"mode":sys.argv[1]}, teams=[{"name":"serving","namespaces":["inference","agents"],"network":{"open":[{"namespace":"inference","pods":{"app":"chat"},"ports":[8000],"callers":["cert-manager","lab"]}]}},{"name":"lab","namespaces":["lab"]}], mesh={"namespaces":["inference"]}))
for r in c.all("networking.k8s.io/v1:NetworkPolicy"): print(r.name, r.inputs["metadata"], json.dumps(r.inputs["spec"],default=str)[:300])
print(c.one("eks/addon:Addon","main-vpc-cni").inputs["configurationValues"])
r=c.one("eks/addon:Addon","main-coredns")
print([c.comes_after(r,x) for x in c.all("networking.k8s.io/v1:NetworkPolicy")])
