"""Geometry nodes written as expressions: every call adds a node and returns the socket that holds its result."""

from collections.abc import Iterable, Sequence
from typing import Any

import bpy

from ..bpy_types import Node, Socket

Operand = Socket | float
"""A socket, or a plain number."""


class NodeBuilder:
    """Adds nodes to one geometry node group. Operands are sockets or plain numbers."""

    def __init__(self, group: bpy.types.NodeTree) -> None:
        self.group = group

    def add(self, node_type: str) -> Node:
        return self.group.nodes.new(node_type)

    def link(self, output: Socket, target: Socket) -> None:
        self.group.links.new(output, target)

    def put(self, operand: Operand, target: Socket) -> None:
        """Link a socket to ``target``, or set a number as its value."""
        if isinstance(operand, (int, float)):
            target.default_value = operand
        else:
            self.link(operand, target)

    def socket(self, name: str, socket_type: str, in_out: str, default: float | None = None) -> None:
        """Declare an input or output of the group."""
        interface: Any = self.group.interface
        socket = interface.new_socket(name, in_out=in_out, socket_type=socket_type)
        if default is not None:
            socket.default_value = default

    def math(self, operation: str, *operands: Operand) -> Socket:
        node = self.add("ShaderNodeMath")
        node.operation = operation
        for place, operand in enumerate(operands):
            self.put(operand, node.inputs[place])
        return node.outputs[0]

    def at_least(self, value: Socket, limit: float) -> Socket:
        """1 where ``value`` >= ``limit``, else 0."""
        return self.math("SUBTRACT", 1.0, self.math("LESS_THAN", value, float(limit)))

    def named(self, attribute: str, data_type: str) -> Socket:
        """A named attribute of the geometry on which the field is evaluated."""
        node = self.add("GeometryNodeInputNamedAttribute")
        node.data_type = data_type
        node.inputs["Name"].default_value = attribute
        return _enabled(node.outputs, "Attribute")

    def sample(
        self,
        geometry: Socket,
        value: Socket,
        index: Socket,
        data_type: str = "FLOAT",
    ) -> Socket:
        """Field ``value`` of another geometry's point ``index``; the nearest where there is no such point."""
        node = self.add("GeometryNodeSampleIndex")
        node.data_type, node.domain, node.clamp = data_type, "POINT", True
        self.link(geometry, node.inputs["Geometry"])
        self.link(value, _enabled(node.inputs, "Value"))
        self.link(index, node.inputs["Index"])
        return _enabled(node.outputs, "Value")

    def store(self, geometry: Socket, attribute: str, data_type: str, value: Socket) -> Socket:
        """The geometry with the field ``value`` stored on its points under a name."""
        node = self.add("GeometryNodeStoreNamedAttribute")
        node.data_type, node.domain = data_type, "POINT"
        node.inputs["Name"].default_value = attribute
        self.link(geometry, node.inputs["Geometry"])
        self.link(value, _enabled(node.inputs, "Value"))
        return node.outputs["Geometry"]

    def lerp(self, weight: Operand, first: Operand, second: Operand) -> Socket:
        """``first`` where ``weight`` is 0, ``second`` where it is 1."""
        return self.math("MULTIPLY_ADD", weight, self.math("SUBTRACT", second, first), first)

    def colour_ramp(self, value: Socket, stops: Sequence[tuple[float, Sequence[float]]]) -> Socket:
        """Colour of ``value`` 0..1 on a ramp; ``stops`` are (position, rgba), in order."""
        node = self.add("ShaderNodeValToRGB")
        elements = node.color_ramp.elements
        for place, (position, colour) in enumerate(stops):
            element = elements[place] if place < len(elements) else elements.new(position)
            element.position, element.color = position, colour
        self.link(value, node.inputs[0])
        return node.outputs["Color"]

    def arrange(self) -> None:
        """Lay the nodes out in columns by their distance from the output, for whoever opens the group."""
        sources, depth = {}, {}
        for link in self.group.links:  # Each socket's own list of links takes a search through all of them.
            sources.setdefault(link.to_node, []).append(link.from_node)

        def place(node: Node, column: int) -> None:
            if depth.get(node, -1) < column:
                depth[node] = column
                for source in sources.get(node, ()):
                    place(source, column + 1)

        for node in self.group.nodes:
            if node.bl_idname == "NodeGroupOutput":
                place(node, 0)
        filled = {}
        for node, column in depth.items():
            row = filled.get(column, 0)
            node.location = (-220 * column, -180 * row)
            filled[column] = row + 1


def _enabled(sockets: Iterable[Socket], name: str) -> Socket:
    """The socket of this name that the node's data type uses: Blender keeps one for each type and enables one."""
    return next(socket for socket in sockets if socket.name == name and socket.enabled)
