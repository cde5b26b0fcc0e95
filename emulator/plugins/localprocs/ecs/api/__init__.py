"""The operations of ECS, a module for each kind of resource."""
