using System.Reflection;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace Messaging.Producer.OpenApi;

/// <summary>The comments of types and members, out of the files that the compiler writes beside the assemblies.</summary>
internal sealed partial class XmlComments
{
    private readonly Dictionary<string, XElement> _members = new(StringComparer.Ordinal);

    /// <summary>Reads the comments of assemblies.</summary>
    /// <exception cref="FileNotFoundException">One was published without them.</exception>
    public XmlComments(params IEnumerable<Assembly> assemblies)
    {
        foreach (var assembly in assemblies)
        {
            foreach (var member in XDocument.Load(Path.ChangeExtension(assembly.Location, ".xml")).Descendants("member"))
                _members[member.Attribute("name")!.Value] = member;
        }
    }

    /// <summary>What a type is.</summary>
    public string? Of(Type type) => Text(Find(type)?.Element("summary"));

    /// <summary>What a property is; that of a positional record is a parameter of its type.</summary>
    public string? Of(PropertyInfo property)
    {
        var type = property.DeclaringType!;
        return Text(_members.GetValueOrDefault($"P:{Name(type)}.{property.Name}")?.Element("summary"))
            ?? Text(Parameter(Find(type), property.Name))
            ?? Text(_members.Where(m => m.Key.StartsWith($"M:{Name(type)}.#ctor(", StringComparison.Ordinal)).Select(m => Parameter(m.Value, property.Name)).FirstOrDefault(p => p is not null));
    }

    private static XElement? Parameter(XElement? member, string name) => member?.Elements("param").FirstOrDefault(p => p.Attribute("name")!.Value == name);

    private XElement? Find(Type type) => _members.GetValueOrDefault($"T:{Name(type)}");

    private static string Name(Type type) => (type.IsGenericType ? type.GetGenericTypeDefinition() : type).FullName!.Replace('+', '.');

    /// <summary>As Markdown in one paragraph; null if there is nothing.</summary>
    private static string? Text(XElement? element)
    {
        if (element is null)
            return null;
        var text = new StringBuilder();
        foreach (var node in element.Nodes())
        {
            text.Append(node switch
            {
                XText words => words.Value,
                XElement { Name.LocalName: "c" } code => $"`{code.Value}`",
                XElement { Name.LocalName: "see" } see => $"`{Target(see.Attribute("cref")?.Value ?? see.Value)}`",
                XElement { Name.LocalName: "paramref" } name => $"`{JsonNamingPolicy.CamelCase.ConvertName(name.Attribute("name")!.Value)}`",
                XElement other => other.Value,
                _ => "",
            });
        }

        var paragraph = WhiteSpace().Replace(text.ToString(), " ").Trim();
        return paragraph.Length == 0 ? null : paragraph;
    }

    /// <summary>What a reference is called on the wire: a constant by its value, a property in camelCase, a type without its suffix.</summary>
    private static string Target(string cref)
    {
        var name = cref[(cref.LastIndexOf('.') + 1)..];
        if (cref.StartsWith("P:", StringComparison.Ordinal))
            return JsonNamingPolicy.CamelCase.ConvertName(name);
        if (cref.StartsWith("T:", StringComparison.Ordinal))
            return SchemaWriter.Rename(name);
        if (!cref.StartsWith("F:", StringComparison.Ordinal))
            return name;
        var type = typeof(Contracts.Http.Problem).Assembly.GetType(cref[2..cref.LastIndexOf('.')]);
        var value = type is { IsEnum: false } && type.GetField(name) is { IsLiteral: true } field ? field.GetRawConstantValue() : null;
        return value is null ? JsonNamingPolicy.CamelCase.ConvertName(name) : FormattableString.Invariant($"{value}");
    }

    [GeneratedRegex(@"\s+")]
    private static partial Regex WhiteSpace();
}
