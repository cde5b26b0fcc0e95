"""What ECS decides, as functions of state and time: no process, no client, no clock."""
