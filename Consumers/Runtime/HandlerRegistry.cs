using System.Collections.Frozen;
using System.Diagnostics.CodeAnalysis;
using System.Reflection;
using Messaging.Contracts.Handlers;
using Messaging.Contracts.Kinds;

namespace Messaging.Consumers.Runtime;

/// <summary>The handlers of this worker by kind: found once, when the worker is put together; no reflection afterwards.</summary>
internal sealed class HandlerRegistry
{
    private readonly FrozenDictionary<string, HandlerInvoker> _byKind;

    private HandlerRegistry(FrozenDictionary<string, HandlerInvoker> byKind) => _byKind = byKind;

    /// <summary>All handlers, in no particular order.</summary>
    public IReadOnlyList<HandlerInvoker> All => _byKind.Values;

    /// <summary>Every class of the assemblies that implements <see cref="ITaskHandler{TInput, TResult}"/>, public or not.</summary>
    /// <exception cref="InvalidOperationException">There is none, or some are faulty; the message has a line for each fault.</exception>
    public static HandlerRegistry Scan(IEnumerable<Assembly> assemblies)
    {
        var scanned = assemblies.Distinct().ToArray();
        var registry = Of(scanned.SelectMany(assembly => assembly.GetTypes()));
        return registry.All.Count > 0
            ? registry
            : throw new InvalidOperationException(
                $"No class in {string.Join(", ", scanned.Select(a => a.GetName().Name))} implements ITaskHandler<TInput, TResult>: this worker would have nothing to run.");
    }

    /// <summary>The handlers among <paramref name="types"/>.</summary>
    /// <exception cref="InvalidOperationException">Some are faulty; the message has a line for each fault.</exception>
    public static HandlerRegistry Of(IEnumerable<Type> types)
    {
        var byKind = new Dictionary<string, HandlerInvoker>(StringComparer.Ordinal);
        var faults = new List<string>();
        foreach (var (handler, input, result) in types.SelectMany(Handled))
        {
            try
            {
                var kind = KindDescription.Of(input);
                if (byKind.TryGetValue(kind.Name, out var other))
                    faults.Add($"Kind '{kind.Name}' has two handlers: {other.HandlerType} and {handler}.");
                else
                    byKind.Add(kind.Name, HandlerInvoker.Create(handler, input, result, kind));
            }
            catch (Exception e) when (e is ArgumentException or NotSupportedException or InvalidOperationException)
            {
                faults.Add($"{handler}: {e.Message}");
            }
        }

        return faults.Count == 0
            ? new HandlerRegistry(byKind.ToFrozenDictionary(StringComparer.Ordinal))
            : throw new InvalidOperationException($"The task handlers can't be used:{Environment.NewLine}{string.Join(Environment.NewLine, faults)}");
    }

    /// <summary>Finds the handler of a kind.</summary>
    public bool TryGet(string kind, [MaybeNullWhen(false)] out HandlerInvoker handler) => _byKind.TryGetValue(kind, out handler);

    private static IEnumerable<(Type Handler, Type Input, Type Result)> Handled(Type type) =>
        type is { IsClass: true, IsAbstract: false, ContainsGenericParameters: false }
            ? type.GetInterfaces()
                .Where(i => i.IsGenericType && i.GetGenericTypeDefinition() == typeof(ITaskHandler<,>))
                .Select(i => (type, i.GetGenericArguments()[0], i.GetGenericArguments()[1]))
            : [];
}
