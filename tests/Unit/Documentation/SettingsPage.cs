using System.Collections;
using System.Globalization;
using System.Reflection;
using System.Text;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using Messaging.Consumers.Kinds.HttpFetch;
using Messaging.Consumers.Runtime;
using Messaging.Contracts.Client;
using Messaging.Infrastructure.Access;
using Messaging.Infrastructure.Broker;
using Messaging.Infrastructure.Callbacks;
using Messaging.Infrastructure.Events;
using Messaging.Infrastructure.Files;
using Messaging.Infrastructure.Outbox;
using Messaging.Infrastructure.Reconcile;
using Messaging.Infrastructure.Retention;
using Messaging.Infrastructure.Store.Connections;
using Messaging.Infrastructure.Store.Depth;
using Messaging.Infrastructure.Store.Submit;
using Messaging.Producer.Access;

namespace Messaging.Tests.Unit.Documentation;

/// <summary>Writes the tables of docs/settings.md out of the options classes: their properties, defaults and comments.</summary>
internal static partial class SettingsPage
{
    private const string Both = "producers and workers";
    private const string Producers = "producers";
    private const string Workers = "workers";

    /// <summary>Each options class, with the section that it is bound from and the processes that read it.</summary>
    public static readonly (Type Options, string Section, string Readers)[] Sections =
    [
        (typeof(LedgerOptions), "Messaging", Both),
        (typeof(RabbitMqOptions), "Messaging", Both),
        (typeof(WorkerOptions), WorkerOptions.Section, Workers),
        (typeof(HttpFetchOptions), HttpFetchOptions.Section, "workers with the kind `http.fetch`"),
        (typeof(AccessOptions), "Messaging:Access", Producers),
        (typeof(CrossOriginOptions), "Messaging:Cors", Producers),
        (typeof(QueueDepthOptions), "Messaging:Queues", Producers),
        (typeof(IdempotencyOptions), "Messaging:Idempotency", Both),
        (typeof(SubmitEndpointOptions), "Messaging:Amqp", Producers),
        (typeof(EventOptions), "Messaging:Events", Producers),
        (typeof(CallbackOptions), CallbackOptions.Section, Both),
        (typeof(FileStoreOptions), "Messaging:Files", Both),
        (typeof(RetentionOptions), "Messaging:Retention", Both),
        (typeof(ReconcileOptions), "Messaging:Reconcile", Both),
        (typeof(RelayOptions), "Messaging:Relay", Both),
        (typeof(MessagingClientOptions), MessagingClientOptions.Section, "callers with the C# client"),
    ];

    /// <summary>The tables, a chapter for each section.</summary>
    public static string Write()
    {
        var page = new StringBuilder();
        foreach (var section in Sections.GroupBy(s => (s.Section, s.Readers)))
        {
            page.Append(CultureInfo.InvariantCulture, $"\n### `{section.Key.Section}`: {section.Key.Readers}\n\n| setting | default | |\n|---|---|---|\n");
            foreach (var (options, name, _) in section)
            {
                var (values, comments) = (Activator.CreateInstance(options), Comments(options));
                foreach (var property in options.GetProperties(BindingFlags.Public | BindingFlags.Instance).Where(IsSetting))
                {
                    var text = comments.GetValueOrDefault($"P:{options.FullName}.{property.Name}") ?? "";
                    page.Append(CultureInfo.InvariantCulture, $"| `{name}:{property.Name}` | {Default(property.GetValue(values))} | {text} |\n");
                }
            }
        }

        return page.ToString();
    }

    /// <summary>What a configuration can set: a single value, or a list or dictionary that is filled. Not what is computed, and not what only code can give.</summary>
    private static bool IsSetting(PropertyInfo property)
    {
        var type = Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType;
        return property.SetMethod is { IsPublic: true }
            ? type.IsPrimitive || type == typeof(string) || type == typeof(TimeSpan) || type == typeof(Uri)
            : type.IsGenericType && (type.GetGenericTypeDefinition() == typeof(IList<>) || type.GetGenericTypeDefinition() == typeof(Dictionary<,>));
    }

    /// <summary>As it would be written.</summary>
    private static string Default(object? value) => value switch
    {
        null or "" or ICollection { Count: 0 } => "",
        bool truth => truth ? "`true`" : "`false`",
        TimeSpan time => $"`{time.ToString("c", CultureInfo.InvariantCulture)}`",
        _ => string.Create(CultureInfo.InvariantCulture, $"`{value}`"),
    };

    private static Dictionary<string, string> Comments(Type type) => XDocument.Load(Path.ChangeExtension(type.Assembly.Location, ".xml")).Descendants("member")
        .Where(member => member.Attribute("name")!.Value.StartsWith($"P:{type.FullName}.", StringComparison.Ordinal))
        .ToDictionary(member => member.Attribute("name")!.Value, member => Text(member.Element("summary")!, type.Assembly), StringComparer.Ordinal);

    private static string Text(XElement summary, Assembly assembly) => WhiteSpace().Replace(
        string.Concat(summary.Nodes().Select(node => node switch
        {
            XText words => words.Value,
            XElement { Name.LocalName: "see" } see => $"`{Target(see.Attribute("cref")!.Value, assembly)}`",
            XElement other => $"`{other.Value}`",
            _ => "",
        })),
        " ").Trim().Replace("|", "\\|", StringComparison.Ordinal);

    /// <summary>A constant by its value, all else by its name.</summary>
    private static string Target(string cref, Assembly assembly)
    {
        var (type, name) = (cref[2..cref.LastIndexOf('.')], cref[(cref.LastIndexOf('.') + 1)..]);
        var value = assembly.GetType(type)?.GetField(name) is { IsLiteral: true } constant ? constant.GetRawConstantValue() : null;
        return value is null ? name : FormattableString.Invariant($"{value}");
    }

    [GeneratedRegex(@"\s+")]
    private static partial Regex WhiteSpace();
}
