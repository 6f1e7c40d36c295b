namespace Messaging.Consumers.Kinds;

/// <summary>
/// A handler that needs services or options of its own implements this as well: who finds the handler calls it once, before the
/// container is built. So a kind brings along all that it needs, and nothing is registered elsewhere.
/// </summary>
/// <example>
/// <code>
/// public sealed class SendEmailHandler(MailServer server) : ITaskHandler&lt;SendEmail, SendEmailResult&gt;, IHandlerServices
/// {
///     public static void AddServices(IServiceCollection services, IConfiguration configuration) =>
///         services.AddSingleton&lt;MailServer&gt;();
/// </code>
/// </example>
public interface IHandlerServices
{
    /// <summary>Adds the handler's own services: singletons for what is shared between attempts.</summary>
    /// <param name="services">The worker's services.</param>
    /// <param name="configuration">The worker's configuration; a kind's settings stand under <c>Messaging:&lt;Kind&gt;</c>.</param>
    static abstract void AddServices(IServiceCollection services, IConfiguration configuration);

    /// <summary>Calls <see cref="AddServices"/> of a handler found at run time; does nothing if it has none.</summary>
    /// <param name="handler">The handler's class.</param>
    /// <param name="services">The worker's services.</param>
    /// <param name="configuration">The worker's configuration.</param>
    static void AddServicesOf(Type handler, IServiceCollection services, IConfiguration configuration)
    {
        ArgumentNullException.ThrowIfNull(handler);
        if (!handler.IsAssignableTo(typeof(IHandlerServices)))
            return;
        handler.GetInterfaceMap(typeof(IHandlerServices)).TargetMethods
            .Single(m => m.IsStatic)
            .CreateDelegate<Action<IServiceCollection, IConfiguration>>()(services, configuration);
    }
}
