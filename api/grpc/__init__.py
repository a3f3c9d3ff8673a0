"""The gRPC door: catalog.v1.ProductService of proto/, and the health service (docs/api-grpc.md)."""
